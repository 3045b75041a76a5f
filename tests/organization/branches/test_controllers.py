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


async def test_a_branch_that_is_opened_with_a_name_alone_gets_a_code(client: AsyncClient, sign_in: SignIn) -> None:
    """The web app's page asks for no code."""
    admin, codes = await sign_in("admin"), []
    for said in ({}, {"code": ""}, {"code": None}, {"code": "tak4"}, {}):
        opened = await client.post(URL, json={"name": "Takeo", "address": "Street 1"} | said, headers=admin.headers)
        assert opened.status_code == 201, opened.text
        codes.append(opened.json()["code"])
    assert codes == ["TAK", "TAK2", "TAK3", "tak4", "TAK5"]


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


async def test_closed_branches_are_not_offered(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add_all([a_branch(name="Kampot"), a_branch(name="Takeo"), a_branch(name="Kep", is_active=False)])
    officer = await sign_in("officer")
    page = (await client.get(f"{URL}/active?size=1", headers=officer.headers)).json()
    assert ([item["name"] for item in page["items"]], page["total"], page["pages"]) == (["Kampot"], 2, 2)
    assert (await client.get(f"{URL}/active?search=Kep", headers=officer.headers)).json()["total"] == 0


async def test_a_branch_lies_on_the_globe(client: AsyncClient, sign_in: SignIn) -> None:
    admin = await sign_in("admin")
    answer = await client.post(URL, json={"name": "Moon", "code": "M", "latitude": 90.5}, headers=admin.headers)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["latitude"])
