"""Who looks after an application: the employees who are asked to, and released."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.applications.models import Assignment, CustomerApplication
from lc_workflow.lending.applications.schemas import AssignmentWish
from lc_workflow.lending.events import AssignmentChanged, EmployeeAssigned, EmployeeReleased
from lc_workflow.lending.rules.assigning import check_assignable
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.service import Service


class NoSuchEmployee(Invalid):
    """An assignment names an employee who does not exist."""


class LookingAfterService(Service[Assignment]):
    """The employees who look after applications; works inside the caller's transaction."""

    noun = "assignment"

    async def is_done_by(self, application_id: UUID, wishes: Sequence[AssignmentWish]) -> bool:
        """Whether exactly these employees look after an application already."""
        standing = await self._standing(application_id)
        return {key: row.notes for key, row in standing.items()} == {
            (wish.employee_id, wish.assignment_role): wish.notes for wish in wishes
        }

    async def branch_of(self, wishes: Sequence[AssignmentWish]) -> UUID | None:
        """The branch of all these employees; None when they work in several branches, or in none."""
        wanted = {wish.employee_id for wish in wishes}
        found = await self.session.scalars(select(Employee.branch_id).where(Employee.id.in_(wanted)).distinct())
        branches = found.all()
        return branches[0] if len(branches) == 1 else None

    async def look_after(
        self, application: CustomerApplication, wishes: Sequence[AssignmentWish], *, by: UUID, at: datetime
    ) -> None:
        """Make exactly these employees look after an application.

        Raises:
            NoSuchEmployee, EmployeeRetired, EmployeeOfAnotherBranch: An assignment cannot be made.
        """
        wanted = {(wish.employee_id, wish.assignment_role): wish for wish in wishes}
        standing = await self._standing(application.id)
        for key in standing.keys() - wanted.keys():
            self.announce(released(standing[key], by=by, at=at))
        for key in wanted.keys() & standing.keys():
            if standing[key].notes != wanted[key].notes:
                standing[key].notes = wanted[key].notes
                self.announce(
                    AssignmentChanged(
                        actor_id=by,
                        at=at,
                        application_id=application.id,
                        employee_id=key[0],
                        role=key[1].value,
                        fields=("notes",),
                    )
                )
        for key in wanted.keys() - standing.keys():
            await self.ask(application, wanted[key], by=by, at=at)

    async def forget_the_name(self, application: CustomerApplication, *, by: UUID, at: datetime) -> None:
        """End an assignment made only from the name on the application, when that name was changed."""
        for assignment in (await self._standing(application.id)).values():
            if assignment.written_as is not None:
                self.announce(released(assignment, by=by, at=at))
        application.portfolio_officer_migrated = False

    async def _standing(self, application_id: UUID) -> dict[tuple[UUID, AssignmentRole], Assignment]:
        rows = await self.session.scalars(
            select(Assignment).where(Assignment.application_id == application_id, Assignment.is_active)
        )
        return {(row.employee_id, row.assignment_role): row for row in rows}

    async def ask(
        self, application: CustomerApplication, wish: AssignmentWish, *, by: UUID, at: datetime
    ) -> Assignment:
        """Assign one employee to an application.

        Raises:
            NoSuchEmployee, EmployeeRetired, EmployeeOfAnotherBranch: The assignment cannot be made.
        """
        # Locked until the end, so that an employee leaving at the same moment keeps no assignment.
        employee = await self.session.get(Employee, wish.employee_id, with_for_update={"read": True, "key_share": True})
        if employee is None:
            raise NoSuchEmployee("An assignment names an employee who does not exist.")
        check_assignable(
            is_active=employee.is_active,
            employee_branch=employee.branch_id,
            application_branch=application.branch_id,
        )
        return await self.entrust(application.id, employee, wish.assignment_role, wish.notes, by=by, at=at)

    async def entrust(
        self,
        application_id: UUID,
        employee: Employee,
        role: AssignmentRole,
        notes: str | None,
        *,
        by: UUID,
        at: datetime,
    ) -> Assignment:
        """Write down that an employee looks after an application; the caller has checked that they may."""
        assignment = Assignment(
            application_id=application_id,
            employee_id=employee.id,
            assignment_role=role,
            notes=notes,
            assigned_at=at,
            assigned_by=by,
            is_active=True,
        )
        self.session.add(assignment)
        self.announce(
            EmployeeAssigned(
                actor_id=by, at=at, application_id=application_id, employee_id=employee.id, role=role.value
            )
        )
        return assignment


def released(assignment: Assignment, *, by: UUID, at: datetime) -> EmployeeReleased:
    """End an assignment, and return the fact for the caller to announce."""
    assignment.is_active = False
    return EmployeeReleased(
        actor_id=by,
        at=at,
        application_id=assignment.application_id,
        employee_id=assignment.employee_id,
        role=assignment.assignment_role.value,
    )
