"""Lists of users: every filter of the web app, the order, the pages, and what they cost."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.identity.factories import PASSWORD_HASH, a_user
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, a_position, an_employee
from tests.statements import sent

URL = "/api/v1/users"

Names = Callable[[str], Awaitable[list[str]]]


@pytest.fixture
async def admin(sign_in: SignIn) -> Person:
    return await sign_in("admin", username="zz_admin", email="zz@admin.example", created_at=ago(days=4_000))


@pytest.fixture
def names(client: AsyncClient, admin: Person) -> Names:
    """Ask for a list, and answer the user names on it but for the one who asks."""

    async def names(query: str) -> list[str]:
        answer = await client.get(f"{URL}?{query}", headers=admin.headers)
        assert answer.status_code == 200, answer.text
        return [user["username"] for user in answer.json()["items"] if user["username"] != "zz_admin"]

    return names


def ago(**time: float) -> datetime:
    return NOON - timedelta(**time)


class TestFilters:
    """Each filter alone, and several together."""

    @pytest.fixture(autouse=True)
    async def people(self, session: AsyncSession, branch: Branch) -> dict[str, str]:
        session.add_all([credit := a_department(), teller := a_position()])
        await session.flush()
        session.add_all(
            [
                a_user(
                    username="bopha",
                    email="bopha@credit.example",
                    first_name="បុប្ផា",
                    last_name="ចាន់",
                    role=Role.MANAGER,
                    branch_id=branch.id,
                    department_id=credit.id,
                    employee_id="0101",
                    created_at=ago(days=100),
                    last_login_at=ago(days=1),
                    last_activity_at=ago(hours=2),
                ),
                a_user(
                    username="dara_k",
                    email="dara@branch.example",
                    first_name="Dara",
                    last_name="Keo",
                    role=Role.TELLER,
                    branch_id=branch.id,
                    position_id=teller.id,
                    phone_number="012 345 678",
                    created_at=ago(days=50),
                    last_login_at=ago(days=91),
                    last_activity_at=ago(days=91),
                ),
                a_user(
                    username="sokha",
                    email="sokha@branch.example",
                    first_name="Sokha",
                    last_name="100% Chan",
                    status=UserStatus.SUSPENDED,
                    department_id=credit.id,
                    created_at=ago(days=10),
                    last_login_at=ago(days=60),
                    last_activity_at=ago(days=59),
                ),
                a_user(
                    username="vanna",
                    email="vanna@branch.example",
                    first_name="Vanna",
                    last_name="Sok",
                    status=UserStatus.PENDING,
                    created_at=NOON,
                ),
            ]
        )
        await session.commit()
        return {"branch": str(branch.id), "department": str(credit.id), "position": str(teller.id)}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["vanna", "sokha", "dara_k", "bopha"]),
            ("role=manager", ["bopha"]),
            ("role=officer", ["vanna", "sokha"]),
            ("role=", ["vanna", "sokha", "dara_k", "bopha"]),
            ("status=suspended", ["sokha"]),
            ("status=active&role=teller", ["dara_k"]),
            ("branch_id={branch}", ["dara_k", "bopha"]),
            ("department_id={department}", ["sokha", "bopha"]),
            ("position_id={position}", ["dara_k"]),
            ("branch_id={branch}&department_id={department}", ["bopha"]),
            ("search=", ["vanna", "sokha", "dara_k", "bopha"]),
            ("search=%20%20", ["vanna", "sokha", "dara_k", "bopha"]),
            ("search=SOK", ["vanna", "sokha"]),
            ("search=%20sokha%20", ["sokha"]),
            ("search=dara keo", ["dara_k"]),
            ("search=Keo Dara", ["dara_k"]),
            ("search=បុប្ផា ចាន់", ["bopha"]),
            ("search=ចាន់ បុប្ផា", ["bopha"]),
            ("search=ចាន់ បុប្%E2%80%8Bផា", ["bopha"]),
            ("search=0101", ["bopha"]),
            ("search=%2B85512345678", ["dara_k"]),
            ("search=credit.example", ["bopha"]),
            ("search=%25", ["sokha"]),
            ("search=_", ["dara_k"]),
            ("search=%5C", []),
            ("search='; DROP TABLE users; --", []),
            ("search=branch.example&search_fields=username", []),
            ("search=branch.example&search_fields=email", ["vanna", "sokha", "dara_k"]),
            ("search=sok&search_fields=username,email", ["sokha"]),
            ("search=sok&search_fields= username , name ", ["vanna", "sokha"]),
            ("search=sok&search_fields=name", ["vanna", "sokha"]),
            ("search=0101&search_fields=employee_id", ["bopha"]),
            ("search=dara&search_fields=first_name", ["dara_k"]),
            ("search=dara&search_fields=last_name", []),
            ("search=keo&search_fields=first_name,last_name", ["dara_k"]),
            ("search=sok&search_fields=,", ["vanna", "sokha"]),
            ("search_fields=username", ["vanna", "sokha", "dara_k", "bopha"]),
            ("created_from=2026-11-14", ["vanna", "sokha"]),
            ("created_to=2026-11-14", ["sokha", "dara_k", "bopha"]),
            ("created_from=2026-11-14&created_to=2026-11-14", ["sokha"]),
            ("created_from=2026-11-25", []),
            ("created_from=2026-11-13T17:00:00.000Z&created_to=2026-11-14T16:59:59.999Z", ["sokha"]),
            ("created_from=2026-11-14T00:00:00&created_to=2026-11-14T23:59", ["sokha"]),
            ("created_from=2026-11-14T00:00:00%2B07:00&created_to=2026-11-14 23:59:59", ["sokha"]),
            ("created_from=2026-11-14T00:00:00+07:00", ["vanna", "sokha"]),
            ("created_from=0001-01-01&created_to=9999-12-31", ["vanna", "sokha", "dara_k", "bopha"]),
            ("last_login_from=2026-11-23", ["bopha"]),
            ("last_login_to=2026-09-25", ["sokha", "dara_k"]),
            ("last_login_from=2026-09-01&last_login_to=2026-10-01", ["sokha"]),
            ("activity_level=active", ["bopha"]),
            ("activity_level=dormant", ["dara_k"]),
            ("activity_level=never_logged_in", ["vanna"]),
            ("activity_level=", ["vanna", "sokha", "dara_k", "bopha"]),
            ("inactive_days=0", ["vanna", "sokha", "dara_k", "bopha"]),
            ("inactive_days=59", ["sokha", "dara_k"]),
            ("inactive_days=60", ["dara_k"]),
            ("inactive_days=36500", []),
            ("sort_by=username&sort_order=asc", ["bopha", "dara_k", "sokha", "vanna"]),
            ("sort_by=username", ["vanna", "sokha", "dara_k", "bopha"]),
            ("sort_by=last_login_at", ["bopha", "sokha", "dara_k", "vanna"]),
            ("sort_by=last_login_at&sort_order=asc", ["dara_k", "sokha", "bopha", "vanna"]),
            ("sort_by=email&sort_order=asc", ["bopha", "dara_k", "sokha", "vanna"]),
            ("sort_by=created_at&sort_order=desc&size=2", ["vanna", "sokha"]),
            ("sort_by=created_at&sort_order=desc&size=2&page=2", ["dara_k", "bopha"]),
            ("surprise=1", ["vanna", "sokha", "dara_k", "bopha"]),
        ],
    )
    async def test_a_filter_finds_whom_it_means(
        self, names: Names, people: dict[str, str], query: str, found: list[str]
    ) -> None:
        assert await names(query.format(**people)) == found

    async def test_a_day_is_a_day_of_the_branches(self, session: AsyncSession, names: Names) -> None:
        midnight = datetime.fromisoformat("2026-06-02T00:00:00+07:00")
        session.add_all(
            [
                a_user(username="before", created_at=midnight - timedelta(seconds=1)),
                a_user(username="after", created_at=midnight),
            ]
        )
        await session.commit()
        assert await names("created_from=2026-06-01&created_to=2026-06-01") == ["before"]
        assert await names("created_from=2026-06-02&created_to=2026-06-02") == ["after"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("role=" + "x" * 41, "role"),
        ("status=asleep", "status"),
        ("branch_id=here", "branch_id"),
        ("department_id=1", "department_id"),
        ("search=" + "x" * 201, "search"),
        ("search_fields=password_hash", "search_fields"),
        ("search=x&search_fields=username,password_hash", "search_fields"),
        ("sort_by=password_hash", "sort_by"),
        ("sort_by=branch.name", "sort_by"),
        ("sort_order=up", "sort_order"),
        ("created_from=yesterday", "created_from"),
        ("created_to=2026-13-01", "created_to"),
        ("last_login_from=0", "last_login_from"),
        ("last_login_from=2026-11-14T25:00:00Z", "last_login_from"),
        ("last_login_from=2026-11-14Tmorning", "last_login_from"),
        ("activity_level=busy", "activity_level"),
        ("inactive_days=-1", "inactive_days"),
        ("inactive_days=99999999999999999999", "inactive_days"),
        ("inactive_days=1e5", "inactive_days"),
        ("page=0", "page"),
        ("page=10000000000", "page"),
        ("size=0", "size"),
        ("size=1001", "size"),
        ("size=x", "size"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_named(
    client: AsyncClient, admin: Person, query: str, field: str
) -> None:
    answer = await client.get(f"{URL}?{query}", headers=admin.headers)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["errors"][0]["loc"] == "query"


async def test_a_page_beyond_the_last_is_empty_and_keeps_the_total(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    session.add_all(a_user() for _ in range(4))
    await session.commit()
    page = (await client.get(f"{URL}/?page=9&size=2", headers=admin.headers)).json()
    assert page == {"items": [], "total": 5, "page": 9, "size": 2, "pages": 3, "next": None}


async def test_pages_of_people_who_came_on_one_day_neither_repeat_nor_skip(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    session.add_all(a_user(created_at=NOON) for _ in range(23))
    await session.commit()
    seen: list[str] = []
    for page in range(1, 6):
        answer = await client.get(f"{URL}?page={page}&size=5", headers=admin.headers)
        seen += [user["id"] for user in answer.json()["items"]]
    assert len(seen) == len(set(seen)) == 24


async def test_a_list_costs_two_statements_however_long_it_is(
    client: AsyncClient, session: AsyncSession, engine: AsyncEngine, admin: Person, branch: Branch
) -> None:
    session.add(chief := an_employee(branch_id=branch.id))
    await session.flush()
    session.add_all(a_user(branch_id=branch.id, portfolio_id=chief.id, line_manager_id=chief.id) for _ in range(30))
    await session.commit()
    with sent(engine) as asked:
        page = (await client.get(f"{URL}?size=20&search=person", headers=admin.headers)).json()
    assert (len(page["items"]), page["items"][0]["line_manager"]["id"]) == (20, str(chief.id))
    read = [statement for statement, _ in asked if statement.startswith("SELECT")]
    assert len(read) == 3, "who asks, how many there are, and the page"
    assert sum("JOIN branches" in statement for statement in read) == 1, "counting needs no joins"


async def test_ten_thousand_users_are_a_short_list(
    client: AsyncClient, session: AsyncSession, admin: Person, branch: Branch
) -> None:
    await session.execute(
        insert(User),
        [
            {
                "username": f"clerk{number}",
                "email": f"clerk{number}@branch.example",
                "first_name": f"First {number}",
                "last_name": f"Last {number}",
                "password_hash": PASSWORD_HASH,
                "role": Role.OFFICER,
                "status": UserStatus.ACTIVE,
                "branch_id": branch.id,
                "created_at": NOON - timedelta(minutes=number),
                "updated_at": NOON,
            }
            for number in range(10_000)
        ],
    )
    await session.commit()
    page = (await client.get(f"{URL}?size=100&search=clerk99&sort_by=last_name", headers=admin.headers)).json()
    assert (page["total"], page["pages"], len(page["items"])) == (111, 2, 100)
    page = (await client.get(f"{URL}?size=1000&search=clerk9", headers=admin.headers)).json()
    assert (page["total"], page["pages"], len(page["items"])) == (1_111, 2, 1_000)
    page = (await client.get(f"{URL}?size=10&page=1000", headers=admin.headers)).json()
    assert (page["total"], page["items"][-1]["username"]) == (10_001, "clerk9999")


class TestDepartmentsAndBranches:
    """The people of one department or one branch."""

    @pytest.fixture
    async def credit(self, session: AsyncSession, branch: Branch) -> dict[str, Any]:
        session.add(chief := a_user(username="chief", branch_id=branch.id))
        await session.flush()
        session.add_all(
            [department := a_department(name="Credit", manager_id=chief.id), other := a_branch(name="A branch")]
        )
        await session.flush()
        session.add_all(
            [
                a_user(username="b", first_name="B", department_id=department.id, branch_id=branch.id),
                a_user(username="a", first_name="A", department_id=department.id, branch_id=other.id),
                a_user(
                    username="c",
                    first_name="C",
                    department_id=department.id,
                    branch_id=other.id,
                    status=UserStatus.INACTIVE,
                ),
                a_user(username="stranger"),
            ]
        )
        await session.commit()
        return {"id": str(department.id), "branch": str(branch.id), "other": str(other.id), "chief": str(chief.id)}

    async def test_a_departments_users_come_in_pages_by_name(
        self, client: AsyncClient, admin: Person, credit: dict[str, str]
    ) -> None:
        answer = await client.get(f"/api/v1/departments/{credit['id']}/users?size=2", headers=admin.headers)
        page = answer.json()
        assert [user["username"] for user in page["items"]] == ["a", "b"]
        assert (page["total"], page["pages"]) == (3, 2)
        assert page["items"][0]["branch"]["name"] == "A branch"

    async def test_a_branchs_users_come_in_pages_by_name(
        self, client: AsyncClient, admin: Person, credit: dict[str, str]
    ) -> None:
        page = (await client.get(f"/api/v1/branches/{credit['other']}/users", headers=admin.headers)).json()
        assert [user["username"] for user in page["items"]] == ["a", "c"]

    async def test_a_department_is_shown_with_all_that_belongs_to_it(
        self, client: AsyncClient, admin: Person, credit: dict[str, str]
    ) -> None:
        answer = await client.get(f"/api/v1/departments/{credit['id']}/with-relations", headers=admin.headers)
        assert answer.status_code == 200, answer.text
        department = answer.json()
        assert (department["name"], department["manager_id"]) == ("Credit", credit["chief"])
        assert [user["username"] for user in department["users"]] == ["a", "b", "c"]
        assert [branch["name"] for branch in department["branches"]] == ["A branch", "Phnom Penh 1"]
        assert (department["manager"]["username"], department["manager"]["is_active"]) == ("chief", True)
        assert department["users"][2].items() >= {"is_active": False, "role": "officer", "first_name": "C"}.items()
        counts = (department["user_count"], department["active_user_count"], department["branch_count"])
        assert counts == (3, 2, 2)
        assert "password" not in answer.text

    async def test_an_officer_sees_the_department_and_of_its_people_themselves(
        self, client: AsyncClient, sign_in: SignIn, credit: dict[str, str]
    ) -> None:
        officer = await sign_in("officer", username="me", department_id=credit["id"])
        path = f"/api/v1/departments/{credit['id']}"
        department = (await client.get(f"{path}/with-relations", headers=officer.headers)).json()
        assert [user["username"] for user in department["users"]] == ["me"]
        assert (department["manager"], department["user_count"]) == (None, 4)
        assert (await client.get(f"{path}/users", headers=officer.headers)).json()["total"] == 1

    @pytest.mark.parametrize("path", ["departments/{}/users", "departments/{}/with-relations", "branches/{}/users"])
    async def test_what_is_not_there_has_no_people(self, client: AsyncClient, admin: Person, path: str) -> None:
        nowhere = path.format("00000000-0000-4000-8000-000000000000")
        answer = await client.get(f"/api/v1/{nowhere}", headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing")

    async def test_departments_are_counted_in_one_statement(
        self, client: AsyncClient, engine: AsyncEngine, admin: Person, credit: dict[str, str]
    ) -> None:
        with sent(engine) as asked:
            answer = await client.get("/api/v1/departments?include_counts=true", headers=admin.headers)
        (department,) = answer.json()["items"]
        assert department["id"] == credit["id"]
        counts = (department["user_count"], department["active_user_count"], department["branch_count"])
        assert counts == (3, 2, 2)
        assert sum("FROM users" in statement and "GROUP BY" in statement for statement, _ in asked) == 1

    async def test_an_employees_account_is_shown_to_those_who_may_see_it(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, credit: dict[str, str]
    ) -> None:
        session.add(employee := an_employee(user_id=credit["chief"]))
        await session.commit()
        seen = (await client.get(f"/api/v1/employees/{employee.id}", headers=admin.headers)).json()
        assert seen["linked_user"].items() >= {"username": "chief", "role": "officer", "is_active": True}.items()
        officer = await sign_in("officer")
        seen = (await client.get(f"/api/v1/employees/{employee.id}", headers=officer.headers)).json()
        assert seen["linked_user"] is None
