"""Departments over HTTP."""

from collections.abc import Awaitable, Callable

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.statuses import UserStatus
from tests.conftest import SignIn
from tests.identity.factories import a_user
from tests.organization.conftest import Reads
from tests.organization.factories import a_branch, a_department

URL = "/api/v1/departments"
COUNTS = {"user_count", "branch_count", "active_user_count"}


async def test_a_department_is_opened_changed_and_closed(
    client: AsyncClient, sign_in: SignIn, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    admin = await sign_in("admin")
    opened = await client.post(
        URL, json={"name": "ឥណទាន", "code": "CREDIT", "description": "", "colour": "blue"}, headers=admin.headers
    )
    assert opened.status_code == 201, opened.text
    department = opened.json()
    assert (department["name"], department["description"], department["is_active"]) == ("ឥណទាន", None, True)
    url = f"{URL}/{department['id']}"

    changed = await client.patch(url, json={"description": "Loans"}, headers=admin.headers)
    assert changed.json() == department | {"description": "Loans"}
    assert (await client.delete(url, headers=admin.headers)).status_code == 204
    assert (await client.get(url, headers=admin.headers)).json()["is_active"] is False
    assert await announced() == ["DepartmentOpened", "DepartmentChanged", "DepartmentClosed"]


async def test_a_department_that_is_opened_with_a_name_alone_gets_a_code(client: AsyncClient, sign_in: SignIn) -> None:
    """The web app's page asks for no code."""
    admin = await sign_in("admin")
    wishes = ({"name": "Human Resources"}, {"name": "Home Repair", "description": ""}, {"name": "ឥណទាន"})
    opened = [await client.post(URL, json=wish, headers=admin.headers) for wish in wishes]
    assert [answer.status_code for answer in opened] == [201] * 3, opened[0].text
    assert [answer.json()["code"] for answer in opened] == ["HR", "HR2", "DEP"]


async def test_what_changes_nothing_is_not_announced(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    session.add(department := a_department(is_active=False))
    admin = await sign_in("admin")
    url = f"{URL}/{department.id}"
    same = {"name": department.name, "code": department.code}
    assert (await client.patch(url, json={}, headers=admin.headers)).status_code == 200
    assert (await client.patch(url, json=same, headers=admin.headers)).status_code == 200
    assert (await client.delete(url, headers=admin.headers)).status_code == 204
    assert await announced() == []


async def test_a_list_is_searched_filtered_and_paged(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    session.add_all(
        [
            a_department(name="Credit", code="CR"),
            a_department(name="Audit", code="AU"),
            a_department(name="Old credit", code="OC", is_active=False),
        ]
    )
    viewer = await sign_in("viewer")

    async def names(query: str) -> list[str]:
        items = (await client.get(f"{URL}{query}", headers=viewer.headers)).json()["items"]
        return [item["name"] for item in items]

    assert await names("") == ["Audit", "Credit", "Old credit"]
    assert await names("?search=CRED") == ["Credit", "Old credit"]
    assert await names("?search=au") == ["Audit"]
    assert await names("?is_active=false") == ["Old credit"]
    assert await names("/active") == ["Audit", "Credit"]
    assert await names("/active?search=credit") == ["Credit"]
    assert await names("?size=1&page=2") == ["Credit"]


async def test_accounts_are_counted_when_asked_for(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add_all([credit := a_department(name="Credit"), audit := a_department(name="Audit")])
    session.add_all([kampot := a_branch(), takeo := a_branch()])
    await session.flush()
    session.add_all(
        [
            a_user(department_id=credit.id, branch_id=kampot.id),
            a_user(department_id=credit.id, branch_id=kampot.id, status=UserStatus.INACTIVE),
            a_user(department_id=credit.id, branch_id=takeo.id),
            a_user(department_id=credit.id),
            a_user(branch_id=takeo.id),
        ]
    )
    viewer = await sign_in("viewer")
    items = (await client.get(f"{URL}?include_counts=true", headers=viewer.headers)).json()["items"]
    assert [{name: item[name] for name in COUNTS} for item in items] == [
        {"user_count": 0, "branch_count": 0, "active_user_count": 0},
        {"user_count": 4, "branch_count": 2, "active_user_count": 3},
    ]
    assert [item["id"] for item in items] == [str(audit.id), str(credit.id)]
    one = (await client.get(f"{URL}/{credit.id}?include_counts=true", headers=viewer.headers)).json()
    assert one == items[1]
    one = (await client.get(f"{URL}/{audit.id}?include_counts=true", headers=viewer.headers)).json()
    assert one == items[0]
    assert COUNTS.isdisjoint((await client.get(f"{URL}/{audit.id}", headers=viewer.headers)).json())
    for query in ("", "?include_counts=", "?include_counts=false"):
        items = (await client.get(f"{URL}{query}", headers=viewer.headers)).json()["items"]
        assert all(COUNTS.isdisjoint(item) for item in items)


async def test_a_list_costs_the_same_however_long_it_is(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, reads: Reads
) -> None:
    session.add(a_department())
    viewer = await sign_in("viewer")

    async def cost(query: str = "") -> int:
        reads()
        assert (await client.get(f"{URL}?size=100{query}", headers=viewer.headers)).status_code == 200
        return len(reads())

    short, counted = await cost(), await cost("&include_counts=true")
    session.add_all(a_department() for _ in range(30))
    await session.commit()
    assert (await cost(), await cost("&include_counts=true")) == (short, counted)
    assert counted == short + 1
