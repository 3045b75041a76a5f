"""Officers' names on applications become assignments, and names again."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.organization.factories import an_employee

ADMIN = "/api/v1/admin"


async def test_names_become_assignments_and_names_again(
    client: AsyncClient, session: AsyncSession, branch: Branch, admin: Person, other_branch: Branch
) -> None:
    session.add_all(
        [
            dara := an_employee(branch_id=branch.id, full_name_latin="CHAN DARA", full_name_khmer="ចាន់ ដារ៉ា"),
            twin := an_employee(branch_id=branch.id, full_name_latin="SOK NARY"),
            an_employee(branch_id=branch.id, full_name_latin="SOK NARY"),
            an_employee(branch_id=other_branch.id, full_name_latin="KEO BOPHA"),
            an_employee(branch_id=branch.id, full_name_latin="LONG GONE", is_active=False),
        ]
    )
    await session.flush()
    names = {
        "latin": "Chan  Dara",
        "khmer": "ចាន់ ដារ៉ា",
        "code": dara.employee_code,
        "twins": "SOK NARY",
        "elsewhere": "KEO BOPHA",
        "gone": "LONG GONE",
        "none": None,
    }
    rows = {
        key: an_application(admin.user.id, branch_id=branch.id, portfolio_officer_name=name)
        for key, name in names.items()
    }
    session.add_all(rows.values())
    await session.commit()

    async def ask(method: str, path: str, **body: Any) -> Any:
        answer = await client.request(method, f"{ADMIN}/{path}", json=body or None, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def officers_of(key: str) -> list[str]:
        answer = await client.get(f"{URL}/{rows[key].id}", headers=admin.headers)
        shown = answer.json()
        assert shown["portfolio_officer_migrated"] == bool(shown["employee_assignments"])
        return [each["employee_id"] for each in shown["employee_assignments"]]

    before = await ask("GET", "migration-status")
    assert (before["total_applications"], before["migrated"], before["matchable"], before["unmatched"]) == (6, 0, 3, 3)
    assert (before["migrated_applications"], before["pending_applications"]) == (0, 6)
    unmatched = await ask("GET", "unmatched-names")
    assert {item["portfolio_officer_name"]: len(item["candidates"]) for item in unmatched["items"]} == {
        "SOK NARY": 2,
        "KEO BOPHA": 0,
        "LONG GONE": 0,
    }
    dry = await ask("POST", "migrate-employees", dry_run=True)
    assert (dry["processed"], dry["remaining"], await officers_of("latin")) == (3, 3, [])
    assert await ask("POST", "migrate-employees?dry_run=true") == dry, "a trial is one wherever that is said"
    assert await officers_of("latin") == []
    done = await ask("POST", "migrate-employees")
    assert (done["processed"], done["assignments_created"], done["unmatched"], done["remaining"]) == (3, 3, 3, 0)
    assert done["report"] == {"total": 6, "matched": 3, "created": 3, "failed": 3, "errors": []}
    assert done["success"] is True
    assert "3" in done["message"]
    assert [await officers_of(key) for key in ("latin", "khmer", "code")] == [[str(dara.id)]] * 3
    again = await ask("POST", "migrate-employees")
    assert (again["processed"], again["assignments_created"]) == (0, 0)
    by_hand = await ask("POST", "manual-match", portfolio_officer_name="sok nary", employee_id=str(twin.id))
    assert (by_hand["processed"], await officers_of("twins")) == (1, [str(twin.id)])
    status = await ask("GET", "migration-status")
    assert (status["migrated"], status["pending"], status["progress_percentage"]) == (4, 2, 66.67)
    back = await ask("POST", "revert-migration")
    assert (back["applications"], back["assignments_ended"], back["remaining"]) == (4, 4, 0)
    assert back["assignments_deactivated"] == 4
    assert [await officers_of(key) for key in ("latin", "twins")] == [[], []]
    assert (await ask("POST", "migrate-employees"))["assignments_created"] == 3


async def test_a_name_is_matched_where_the_employee_may_be_asked(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, admin: Person, other_branch: Branch
) -> None:
    session.add_all(
        [
            stranger := an_employee(branch_id=other_branch.id),
            gone := an_employee(branch_id=branch.id, is_active=False),
            an_application(admin.user.id, branch_id=branch.id, portfolio_officer_name="SOMEBODY"),
        ]
    )
    await session.commit()

    async def match(**wish: Any) -> tuple[int, str]:
        answer = await client.post(
            f"{ADMIN}/manual-match", json={"portfolio_officer_name": "SOMEBODY"} | wish, headers=admin.headers
        )
        return answer.status_code, answer.json()["code"]

    assert await match(employee_id=str(stranger.id)) == (422, "NameNotFound")
    assert await match(employee_id=str(gone.id)) == (422, "EmployeeRetired")
    assert await match(employee_id=str(admin.user.id)) == (422, "NoSuchEmployee")
    assert await match(employee_id=str(gone.id), portfolio_officer_name=" ") == (422, "InvalidInput")
    manager = await sign_in("manager", branch_id=branch.id)
    for method, path in (
        ("GET", "migration-status"),
        ("GET", "unmatched-names"),
        ("POST", "migrate-employees"),
        ("POST", "manual-match"),
        ("POST", "revert-migration"),
    ):
        assert (await client.request(method, f"{ADMIN}/{path}", headers=manager.headers)).status_code == 403


async def test_another_name_is_not_taken_for_the_one_that_was_matched(
    client: AsyncClient, session: AsyncSession, branch: Branch, admin: Person
) -> None:
    dara, nary = (an_employee(branch_id=branch.id, full_name_latin=name) for name in ("CHAN DARA", "SOK NARY"))
    session.add_all([dara, nary])
    loan = an_application(admin.user.id, branch_id=branch.id, portfolio_officer_name="CHAN DARA")
    session.add(loan)
    await session.commit()
    wish = {"application_id": str(loan.id), "employee_id": str(dara.id), "assignment_role": "reviewer"}
    asked = await client.post("/api/v1/employees/assignments", json=wish, headers=admin.headers)
    assert asked.status_code == 201, asked.text

    async def officers() -> list[tuple[str, str]]:
        assert (await client.post(f"{ADMIN}/migrate-employees", headers=admin.headers)).status_code == 200
        shown = (await client.get(f"{URL}/{loan.id}", headers=admin.headers)).json()["employee_assignments"]
        return sorted((each["assignment_role"], each["employee_id"]) for each in shown)

    reviewer = ("reviewer", str(dara.id))  # whom somebody asked
    assert await officers() == [("primary_officer", str(dara.id)), reviewer]
    renamed = await client.put(f"{URL}/{loan.id}", json={"portfolio_officer_name": "SOK NARY"}, headers=admin.headers)
    assert renamed.json()["portfolio_officer_migrated"] is False
    assert await officers() == [("primary_officer", str(nary.id)), reviewer]
