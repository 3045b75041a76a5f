"""Employees over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn
from tests.identity.factories import a_user
from tests.organization.conftest import Reads
from tests.organization.factories import a_branch, a_department, an_employee

URL = "/api/v1/employees"
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
WISH = {"full_name_khmer": "សុខ ចាន់ធី", "full_name_latin": "SOK CHANTHY", "phone_number": "012 345 678"}


async def test_an_employee_is_hired_changed_and_retired(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    session.add(department := a_department(name="Credit"))
    admin = await sign_in("admin", first_name="Dara")
    hired = await client.post(
        f"{URL}/",
        json=WISH
        | {
            "employee_code": "0042",
            "email": "",
            "position": "មន្ត្រីឥណទាន",
            "department_id": str(department.id),
            "branch_id": str(branch.id),
            "user_id": str(admin.user.id),
            "is_active": True,
        },
        headers=admin.headers,
    )
    assert hired.status_code == 201, hired.text
    employee = hired.json()
    url = f"{URL}/{employee['id']}"
    assert employee.items() >= (WISH | {"employee_code": "0042", "email": None, "notes": None}).items()
    assert (employee["department"]["name"], employee["branch"]["code"]) == ("Credit", "PP01")
    assert employee["linked_user"] == {
        "id": str(admin.user.id),
        "username": admin.user.username,
        "email": admin.user.email,
        "first_name": "Dara",
        "last_name": "Sok",
        "role": "admin",
        "is_active": True,
    }
    assert (await client.get(url, headers=admin.headers)).json() == employee

    changed = await client.patch(
        url, json={"notes": "Speaks Cham", "branch_id": None, "user_id": None}, headers=admin.headers
    )
    gone = {"branch_id": None, "branch": None, "user_id": None, "linked_user": None}
    assert changed.json() == employee | gone | {"notes": "Speaks Cham"}

    for _ in range(2):
        assert (await client.delete(url, headers=admin.headers)).status_code == 204
    assert (await client.get(url, headers=admin.headers)).json()["is_active"] is False
    assert await announced() == ["EmployeeHired", "EmployeeChanged", "EmployeeRetired"]


async def test_a_form_sent_as_it_was_changes_nothing(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    session.add(employee := an_employee(phone_number="012"))
    admin = await sign_in("admin")
    before = (await client.get(f"{URL}/{employee.id}", headers=admin.headers)).json()
    after = await client.patch(f"{URL}/{employee.id}", json=before | {"email": ""}, headers=admin.headers)
    assert (after.status_code, after.json()) == (200, before)
    assert await announced() == []


async def test_names_are_kept_as_they_look(client: AsyncClient, sign_in: SignIn) -> None:
    """Khmer keyboards put spaces without a width between words, and nobody sees whether they did."""
    admin = await sign_in("admin")
    typed = {"full_name_khmer": "កែវ\u200b វិចិត្រា\ufeff ", "full_name_latin": " KEO  Vichitra\u200b"}
    hired = (await client.post(URL, json=WISH | typed, headers=admin.headers)).json()
    assert (hired["full_name_khmer"], hired["full_name_latin"]) == ("កែវ វិចិត្រា", "KEO Vichitra")
    changed = await client.patch(f"{URL}/{hired['id']}", json=typed, headers=admin.headers)
    assert changed.json() == hired
    found = await client.get(f"{URL}?search=keo%20vichitra", headers=admin.headers)
    assert found.json()["total"] == 1


@pytest.mark.parametrize(
    ("field", "refusal"),
    [("department_id", "NoSuchDepartment"), ("branch_id", "NoSuchBranch"), ("user_id", "NoSuchAccount")],
)
async def test_what_an_employee_refers_to_must_be_there(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, field: str, refusal: str
) -> None:
    session.add(employee := an_employee())
    admin = await sign_in("admin")
    hired = await client.post(URL, json=WISH | {field: NOBODYS_ID}, headers=admin.headers)
    changed = await client.patch(f"{URL}/{employee.id}", json={field: NOBODYS_ID}, headers=admin.headers)
    for answer in (hired, changed):
        assert (answer.status_code, answer.json()["code"]) == (422, refusal)
        assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_nobody_is_hired_for_a_branch_that_was_closed(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    session.add_all([closed := a_branch(is_active=False), here := an_employee()])
    await session.commit()
    place = {"branch_id": str(closed.id)}
    for answer in (
        await client.post(URL, json=WISH | place, headers=admin.headers),
        await client.patch(f"{URL}/{here.id}", json=place, headers=admin.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "NotInUse"), answer.text


async def test_an_account_belongs_to_one_employee(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    admin = await sign_in("admin")
    session.add_all([an_employee(user_id=admin.user.id), other := an_employee()])
    await session.commit()
    wish = {"user_id": str(admin.user.id)}
    hired = await client.post(URL, json=WISH | wish, headers=admin.headers)
    changed = await client.patch(f"{URL}/{other.id}", json=wish, headers=admin.headers)
    for answer in (hired, changed):
        assert (answer.status_code, answer.json()["code"]) == (422, "AccountTaken")


@pytest.mark.parametrize(
    "wrong",
    [
        {"employee_code": "12"},
        {"employee_code": "00042"},
        {"employee_code": "E001"},
        {"employee_code": "១២៣៤"},
        {"employee_code": "042\n"},
        {"employee_code": 42},
        {"full_name_latin": " "},
        {"full_name_khmer": "ក" * 201},
        {"email": "nobody"},
        {"phone_number": "0" * 41},
        {"phone_number": "012"},
        {"branch_id": "Phnom Penh"},
        {"is_active": "perhaps"},
    ],
)
async def test_wrong_fields_are_named(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, wrong: dict[str, Any]
) -> None:
    session.add(employee := an_employee())
    admin = await sign_in("admin")
    hired = await client.post(URL, json=WISH | wrong, headers=admin.headers)
    changed = await client.patch(f"{URL}/{employee.id}", json=wrong, headers=admin.headers)
    for answer in (hired, changed):
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [*wrong])


async def test_a_manager_hires_for_their_own_branch_only(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    session.add_all([elsewhere := a_branch(), mine := an_employee(branch_id=branch.id)])
    await session.flush()
    session.add(theirs := an_employee(branch_id=elsewhere.id))
    manager = await sign_in("manager", branch_id=branch.id)

    unsaid = await client.post(URL, json=WISH, headers=manager.headers)
    assert (unsaid.status_code, unsaid.json()["branch_id"]) == (201, str(branch.id))
    refused = [
        await client.post(URL, json=WISH | {"branch_id": str(elsewhere.id)}, headers=manager.headers),
        await client.patch(f"{URL}/{theirs.id}", json={"notes": "mine now"}, headers=manager.headers),
        await client.patch(f"{URL}/{mine.id}", json={"branch_id": str(elsewhere.id)}, headers=manager.headers),
        await client.patch(f"{URL}/{mine.id}", json={"branch_id": None}, headers=manager.headers),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(403, "NotYourBranch")] * 4
    assert (await client.get(f"{URL}/{mine.id}", headers=manager.headers)).json()["branch_id"] == str(branch.id)
    assert (await client.get(f"{URL}/{theirs.id}", headers=manager.headers)).json()["notes"] is None


async def test_a_manager_without_a_branch_hires_nobody(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    session.add(employee := an_employee())
    manager = await sign_in("manager")
    hired = await client.post(URL, json=WISH, headers=manager.headers)
    changed = await client.patch(f"{URL}/{employee.id}", json={"notes": "x"}, headers=manager.headers)
    assert [(answer.status_code, answer.json()["code"]) for answer in (hired, changed)] == [(403, "NotYourBranch")] * 2


async def test_an_account_is_shown_and_tied_by_those_who_may_see_it(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    session.add_all([near := a_user(branch_id=branch.id), far := a_user(), newer := a_user()])
    await session.flush()
    session.add_all(
        [
            an_employee(user_id=near.id, branch_id=branch.id, full_name_latin="A NEAR"),
            an_employee(user_id=far.id, full_name_latin="B FAR"),
            free := an_employee(branch_id=branch.id, full_name_latin="C FREE"),
        ]
    )
    manager = await sign_in("manager", branch_id=branch.id)
    for role, seen in (("admin", [near.id, far.id]), ("manager", [near.id]), ("officer", [])):
        person = await sign_in(role, branch_id=branch.id)
        items = (await client.get(f"{URL}?sort_by=full_name_latin", headers=person.headers)).json()["items"]
        assert [item["linked_user"]["id"] for item in items if item["linked_user"]] == [*map(str, seen)]
        assert items[1]["user_id"] == str(far.id)

    wish = {"user_id": str(newer.id)}
    tied = await client.patch(f"{URL}/{free.id}", json=wish, headers=manager.headers)
    hired = await client.post(URL, json=WISH | wish, headers=manager.headers)
    for answer in (tied, hired):
        assert (answer.status_code, answer.json()["code"]) == (422, "NoSuchAccount")


@pytest.fixture
async def staff(session: AsyncSession, branch: Branch) -> dict[str, str]:
    """Three employees; answers the ids of their branch and department."""
    session.add(department := a_department())
    await session.flush()
    session.add_all(
        [
            an_employee(
                employee_code="0003",
                full_name_latin="CHEA BOPHA",
                full_name_khmer="ជា បុប្ផា",
                phone_number="011 223",
                branch_id=branch.id,
            ),
            an_employee(
                employee_code="0001", full_name_latin="SOK DARA", phone_number="099 100", department_id=department.id
            ),
            an_employee(employee_code="0002", full_name_latin="LIM_100%", is_active=False, branch_id=branch.id),
        ]
    )
    await session.commit()
    return {"branch": str(branch.id), "department": str(department.id)}


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", "0001 0002 0003"),
        ("search=bopha", "0003"),
        ("search=បុប្ផា", "0003"),
        ("search=បុប្%E2%80%8Bផា", "0003"),
        ("search=0002", "0002"),
        ("search=099%20100", "0001"),
        ("search=%25", "0002"),
        ("search=m_1", "0002"),
        ("search=nobody", ""),
        ("is_active=true", "0001 0003"),
        ("is_active=false", "0002"),
        ("branch_id={branch}", "0002 0003"),
        ("branch_id={branch}&is_active=true", "0003"),
        ("department_id={department}", "0001"),
        ("department_id={department}&branch_id={branch}", ""),
        ("department_id=&branch_id=&search=&sort_by=&sort_order=", "0001 0002 0003"),
        ("sort_by=full_name_latin", "0003 0002 0001"),
        ("sort_by=full_name_latin&sort_order=desc", "0001 0002 0003"),
        ("sort_order=desc", "0003 0002 0001"),
        ("size=2", "0001 0002"),
        ("size=2&page=2", "0003"),
        ("page=7", ""),
    ],
)
async def test_a_list_is_searched_filtered_sorted_and_paged(
    client: AsyncClient, sign_in: SignIn, staff: dict[str, str], query: str, codes: str
) -> None:
    viewer = await sign_in("viewer")
    answer = await client.get(f"{URL}/?{query.format(**staff)}", headers=viewer.headers)
    assert answer.status_code == 200, answer.text
    assert [item["employee_code"] for item in answer.json()["items"]] == codes.split()


@pytest.mark.parametrize(
    "query", ["sort_by=notes", "sort_by=user_id", "sort_order=random()", "branch_id=PP01", "size=101", "page=0"]
)
async def test_a_list_is_not_asked_for_anything_else(client: AsyncClient, sign_in: SignIn, query: str) -> None:
    viewer = await sign_in("viewer")
    answer = await client.get(f"{URL}?{query}", headers=viewer.headers)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (
        422,
        [query.split("=", maxsplit=1)[0]],
    )


async def test_a_list_costs_the_same_however_long_it_is(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, reads: Reads
) -> None:
    admin = await sign_in("admin")

    async def hire_everybody(many: int) -> None:
        people = [a_user() for _ in range(many)]
        places = [a_branch() for _ in range(many)]
        parts = [a_department() for _ in range(many)]
        session.add_all([*people, *places, *parts])
        await session.flush()
        session.add_all(
            an_employee(user_id=person.id, branch_id=place.id, department_id=part.id)
            for person, place, part in zip(people, places, parts, strict=True)
        )
        await session.commit()

    async def cost() -> int:
        reads()
        items = (await client.get(f"{URL}?size=100", headers=admin.headers)).json()["items"]
        assert all(item["linked_user"] and item["branch"] and item["department"] for item in items)
        return len(reads())

    await hire_everybody(1)
    short = await cost()
    await hire_everybody(25)
    assert await cost() == short <= 5
