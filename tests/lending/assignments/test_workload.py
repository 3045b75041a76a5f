"""How much work employees have."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.employees.models import Employee
from tests.conftest import Person, SignIn
from tests.lending.steps import Draft, Take
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, an_employee

EMPLOYEES = "/api/v1/employees"


@pytest.fixture
async def employee(session: AsyncSession, branch: Branch) -> Employee:
    session.add(department := a_department(name="Credit"))
    await session.flush()
    session.add(employee := an_employee(branch_id=branch.id, department_id=department.id))
    await session.commit()
    return employee


async def test_work_is_counted_by_where_applications_stand(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    officer: Person,
    employee: Employee,
    draft: Draft,
    take: Take,
) -> None:
    session.add_all([idle := an_employee(branch_id=branch.id), elsewhere := a_branch()])
    await session.commit()
    mine = {"employee_assignments": [{"employee_id": str(employee.id)}]}
    drafted, submitted, withdrawn = [await draft(officer, **mine) for _ in range(3)]
    await take(officer, submitted, "submit")
    await take(officer, withdrawn, "withdraw", reason="Moved away")
    released = await client.delete(
        f"{EMPLOYEES}/assignments/{drafted['employee_assignments'][0]['id']}", headers=officer.headers
    )
    assert released.status_code == 204

    async def get(path: str, person: Person = officer) -> Any:
        answer = await client.get(f"{EMPLOYEES}/{path}", headers=person.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    work = await get(f"{employee.id}/workload")
    assert (work["total_assignments"], work["active_assignments"], work["completed_assignments"]) == (3, 1, 2)
    assert (work["assignments_by_status"]["draft"], work["assignments_by_status"]["submitted"]) == (1, 1)
    of_one = f"{employee.id}/workload?"
    for status, many in {"draft": 1, "pending": 1, "submitted": 1, "approved": 0, "completed": 2, "": 3}.items():
        assert (await get(f"{of_one}status={status}"))["total_assignments"] == many, status
    nonsense = await client.get(f"{EMPLOYEES}/{of_one}status=nonsense", headers=officer.headers)
    assert nonsense.status_code == 422
    today, tomorrow = NOON.date(), NOON.date() + timedelta(days=1)
    days = {f"date_from={today}&date_to={today}": 3, f"date_from={tomorrow}": 0, "date_to=2020-01-01": 0}
    for asked, many in days.items():
        assert (await get(of_one + asked))["total_assignments"] == many, asked
    none = await get(f"reports/workload-summary?date_from={tomorrow}")
    assert {line["total_assignments"] for line in none} == {0}
    lines = {line["employee_id"]: line for line in await get("reports/workload-summary")}
    line = lines[str(employee.id)]
    assert (line["total_assignments"], line["assignments_by_status"]["submitted"]) == (2, 1)
    assert (line["branch"]["name"], line["department"]["name"], line["employee_code"]) == (
        "Phnom Penh 1",
        "Credit",
        employee.employee_code,
    )
    assert line["workload"] == {name: line[name] for name in ("total_assignments", "assignments_by_status")}
    assert lines[str(idle.id)]["total_assignments"] == 0
    assert {line["employee_id"] for line in await get(f"reports/workload-summary?branch_id={elsewhere.id}")} == set()
    stranger = await sign_in("officer", branch_id=elsewhere.id)
    assert (await get(f"{employee.id}/workload", stranger))["total_assignments"] == 0
    nobody = await client.get(f"{EMPLOYEES}/{officer.user.id}/workload", headers=officer.headers)
    assert nobody.status_code == 404
