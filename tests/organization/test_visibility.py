"""What a person sees of the company, whatever the guards let through."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.branches.service import BranchService
from lc_workflow.organization.departments.service import DepartmentService
from lc_workflow.organization.employees.access import READ, reaches
from lc_workflow.organization.employees.service import EmployeeService, Wanted
from lc_workflow.organization.positions.service import PositionService
from lc_workflow.platform.http.paging import Window
from tests.identity.factories import a_user
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, a_position, an_employee


def somebody(permission: str | None, scope: Scope = Scope.ALL, branch_id: UUID | None = None) -> Principal:
    grants = {permission: scope} if permission else {}
    return Principal(id=uuid4(), role="guest", session_id=uuid4(), branch_id=branch_id, grants=grants)


@pytest.mark.parametrize(
    ("service", "permission"),
    [(BranchService, "branch:read"), (DepartmentService, "department:read"), (PositionService, "position:read")],
)
async def test_without_the_permission_the_company_has_no_shape(
    session: AsyncSession, service: type[BranchService | DepartmentService | PositionService], permission: str
) -> None:
    rows = {BranchService: a_branch(), DepartmentService: a_department(), PositionService: a_position()}
    session.add(row := rows[service])
    await session.commit()
    for holder, total in ((somebody(permission), 1), (somebody("employee:read"), 0), (somebody(None), 0)):
        _, seen = await service(session).page(Window(), search=None, is_active=None, principal=holder)
        assert seen == total
    with pytest.raises(Missing):
        await service(session).close(row.id, principal=somebody(None), at=NOON)


@pytest.mark.parametrize(
    ("scope", "in_branch", "seen"),
    [
        (Scope.ALL, False, "HERE MYSELF THERE"),
        (Scope.BRANCH, True, "HERE MYSELF"),
        (Scope.BRANCH, False, "MYSELF"),
        (Scope.OWN, True, "MYSELF"),
        (Scope.TEAM, True, "MYSELF"),
        (None, True, ""),
    ],
)
async def test_an_employee_is_seen_as_far_as_the_permission_reaches(
    session: AsyncSession, branch: Branch, scope: Scope | None, *, in_branch: bool, seen: str
) -> None:
    session.add_all([elsewhere := a_branch(), account := a_user()])
    await session.flush()
    staff = [
        an_employee(full_name_latin="HERE", branch_id=branch.id),
        an_employee(full_name_latin="MYSELF", user_id=account.id),
        an_employee(full_name_latin="THERE", branch_id=elsewhere.id),
    ]
    session.add_all(staff)
    await session.commit()
    person = Principal(
        id=account.id,
        role="guest",
        session_id=uuid4(),
        branch_id=branch.id if in_branch else None,
        grants={READ: scope} if scope else {},
    )
    rows, total = await EmployeeService(session).page(Wanted(), Window(), principal=person)
    assert ([row.full_name_latin for row in rows], total) == (seen.split(), len(seen.split()))
    assert [employee.full_name_latin for employee in staff if reaches(person, READ, employee)] == seen.split()
    with pytest.raises(Missing):
        await EmployeeService(session).whole(uuid4(), principal=person)
