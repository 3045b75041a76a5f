"""Branches over HTTP."""

from collections.abc import Awaitable, Callable

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import SignIn
from tests.organization.factories import a_branch

URL = "/api/v1/branches"


async def test_an_administrator_opens_a_branch(
    client: AsyncClient, sign_in: SignIn, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    admin = await sign_in("admin")
    answer = await client.post(
        URL, json={"name": "ភ្នំពេញ ១", "code": "PP01", "address": "", "latitude": 11.55}, headers=admin.headers
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "ភ្នំពេញ ១"
    assert (answer.json()["address"], answer.json()["latitude"]) == (None, 11.55)
    assert (await client.get(f"{URL}/{answer.json()['id']}", headers=admin.headers)).json() == answer.json()
    assert await announced() == ["BranchOpened"]


async def test_two_branches_never_share_a_code(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add(a_branch(code="PP01"))
    admin = await sign_in("admin")
    answer = await client.post(URL, json={"name": "Second", "code": "PP01"}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "BranchCodeTaken")


async def test_an_officer_reads_branches_and_opens_none(client: AsyncClient, sign_in: SignIn) -> None:
    officer = await sign_in("officer")
    assert (await client.get(URL, headers=officer.headers)).status_code == 200
    answer = await client.post(URL, json={"name": "Mine", "code": "MINE"}, headers=officer.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "NotPermitted")


async def test_a_list_is_searched_and_paged(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add_all([a_branch(name=f"Riverside {number}") for number in range(3)] + [a_branch(name="100% hills")])
    officer = await sign_in("officer")
    page = (await client.get(f"{URL}/?search=RIVER&size=2&page=2", headers=officer.headers)).json()
    assert (len(page["items"]), page["total"], page["page"], page["size"], page["pages"]) == (1, 3, 2, 2, 2)
    assert (await client.get(f"{URL}?search=0%25", headers=officer.headers)).json()["total"] == 1
    assert (await client.get(f"{URL}?search=%25&is_active=", headers=officer.headers)).json()["total"] == 1


async def test_a_change_touches_only_what_it_names(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add(branch := a_branch(address="Street 1", phone_number="012"))
    admin = await sign_in("admin")
    changed = await client.patch(
        f"{URL}/{branch.id}", json={"name": "New name", "phone_number": None}, headers=admin.headers
    )
    assert (changed.json()["name"], changed.json()["address"], changed.json()["phone_number"]) == (
        "New name",
        "Street 1",
        None,
    )


async def test_a_closed_branch_stays_on_record(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add(branch := a_branch())
    admin = await sign_in("admin")
    assert (await client.delete(f"{URL}/{branch.id}", headers=admin.headers)).status_code == 204
    assert (await client.get(f"{URL}/{branch.id}", headers=admin.headers)).json()["is_active"] is False


async def test_a_branch_that_is_not_there_is_missing(client: AsyncClient, sign_in: SignIn) -> None:
    admin = await sign_in("admin")
    answer = await client.get(f"{URL}/00000000-0000-4000-8000-000000000000", headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
