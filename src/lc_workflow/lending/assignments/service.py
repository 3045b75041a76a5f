"""Asking employees to look after applications, and releasing them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Forbidden, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import WITH_EMPLOYEE, Assignment, CustomerApplication
from lc_workflow.lending.applications.service import ApplicationService, LookingAfterService, released
from lc_workflow.lending.assignments.access import ASSIGN, visible_to
from lc_workflow.lending.assignments.schemas import AssignmentChange, NewAssignment
from lc_workflow.lending.events import AssignmentChanged
from lc_workflow.lending.rules.assigning import check_assignable
from lc_workflow.lending.rules.stages import CLOSED
from lc_workflow.organization.employees.access import visible_to as employees_visible_to
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.http.shapes import differing
from lc_workflow.platform.service import Service


class NotFieldStaff(Invalid):
    """Only employees look after applications, and this person is not one."""


class NotYourAssignment(Forbidden):
    """The person sees the application, and their right to assign does not reach it."""


class AssignmentService(Service[Assignment]):
    """Who looks after the applications a person may see."""

    noun = "assignment"

    def __init__(self, session: AsyncSession, *, applications: ApplicationService) -> None:
        super().__init__(session)
        self._applications = applications

    async def of_application(self, application_id: UUID, *, principal: Principal) -> Sequence[Assignment]:
        """List who looks after an application, the longest-serving first.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self._applications.find(visible_to(principal), id=application_id)
        return await self._listed(Assignment.application_id == application_id, principal)

    async def of_employee(self, employee_id: UUID, *, principal: Principal) -> Sequence[Assignment]:
        """List the applications an employee looks after, of those one may see.

        Raises:
            Missing: There is no such employee, or they are not the person's to see, nor is anything they look after.
        """
        rows = await self._listed(Assignment.employee_id == employee_id, principal)
        known = exists().where(employees_visible_to(principal), Employee.id == employee_id)
        if not rows and not await self.session.scalar(select(known)):
            raise Missing("There is no such employee, or they are not yours to see.")
        return rows

    async def assign(self, wish: NewAssignment, *, principal: Principal, at: datetime) -> Assignment:
        """Ask an employee to look after an application.

        Raises:
            Missing: There is no such application, or the person may not see it.
            NotYourAssignment: It is for others to assign.
            NoSuchEmployee, EmployeeRetired, EmployeeOfAnotherBranch, AlreadyAssigned: It cannot be.
        """
        async with self.transaction():
            application = await self._applications.find(visible_to(principal), id=wish.application_id, lock=True)
            _check_reach(principal, application)
            assignment = await self._applications.looking_after.ask(application, wish, by=principal.id, at=at)
            application.renewed(at)
        return await self.shown(assignment.id, principal=principal)

    async def change(
        self, assignment_id: UUID, wish: AssignmentChange, *, principal: Principal, at: datetime
    ) -> Assignment:
        """Change an assignment's role or notes, end it, or let it go on.

        Raises:
            Missing: There is no such assignment, or the person may not see it.
            NotYourAssignment: It is for others to assign.
            EmployeeRetired, EmployeeOfAnotherBranch: It ended, and the employee is not to be asked any more.
            AlreadyAssigned: The employee has that role already.
        """
        async with self.transaction():
            application, assignment = await self._locked(assignment_id, principal)
            changes = differing(assignment, wish)
            if changes.get("is_active"):
                await self._must_be_assignable(assignment, application)
            for name, value in changes.items():
                setattr(assignment, name, value)
            if changes:
                application.renewed(at)
            if changes.get("is_active") is False:
                self.announce(released(assignment, by=principal.id, at=at))
            elif changes:
                self.announce(
                    AssignmentChanged(
                        actor_id=principal.id,
                        at=at,
                        application_id=assignment.application_id,
                        employee_id=assignment.employee_id,
                        role=assignment.assignment_role.value,
                        fields=tuple(sorted(changes)),
                    )
                )
        return await self.shown(assignment_id, principal=principal)

    async def release(self, assignment_id: UUID, *, principal: Principal, at: datetime) -> None:
        """End an assignment; it stays on record.

        Raises:
            Missing: There is no such assignment, or the person may not see it.
        """
        async with self.transaction():
            application, assignment = await self._locked(assignment_id, principal)
            if assignment.is_active:
                application.renewed(at)
                self.announce(released(assignment, by=principal.id, at=at))

    async def shown(self, assignment_id: UUID, *, principal: Principal) -> Assignment:
        """Load an assignment with its employee.

        Raises:
            Missing: There is no such assignment, or the person may not see it.
        """
        rows = await self._listed(Assignment.id == assignment_id, principal)
        if not rows:
            raise Missing.unseen("assignment")
        return rows[0]

    async def _listed(self, which: ColumnElement[bool], principal: Principal) -> Sequence[Assignment]:
        rows = await self.session.scalars(
            select(Assignment)
            .join(CustomerApplication, CustomerApplication.id == Assignment.application_id)
            .where(which, visible_to(principal))
            .order_by(Assignment.assigned_at, Assignment.id)
            .options(WITH_EMPLOYEE)
            .execution_options(populate_existing=True)
        )
        return rows.all()

    async def _locked(self, assignment_id: UUID, principal: Principal) -> tuple[CustomerApplication, Assignment]:
        """Load and lock an assignment the person may see, after its application, as everywhere."""
        of_it = select(Assignment.application_id).where(Assignment.id == assignment_id)
        application = await self.session.scalar(
            select(CustomerApplication)
            .where(CustomerApplication.id == of_it.scalar_subquery(), visible_to(principal))
            .with_for_update()
        )
        if application is None:
            raise Missing.unseen("assignment")
        _check_reach(principal, application)
        return application, await self.session.get_one(Assignment, assignment_id, with_for_update=True)

    async def _must_be_assignable(self, assignment: Assignment, application: CustomerApplication) -> None:
        while_here = {"read": True, "key_share": True}  # as `LookingAfterService.ask` does
        employee = await self.session.get_one(Employee, assignment.employee_id, with_for_update=while_here)
        check_assignable(
            is_active=employee.is_active,
            employee_branch=employee.branch_id,
            application_branch=application.branch_id,
        )


def _check_reach(principal: Principal, application: CustomerApplication) -> None:
    if not principal.reaches(ASSIGN, owner_id=application.user_id, branch_id=application.branch_id):
        raise NotYourAssignment(f"This needs the permission {ASSIGN} for the application's branch.")


class OpenAssignments(Service[Assignment]):
    """The applications somebody looks after now; part of what is on their desk (`lending/handover`)."""

    noun = "assignment"

    async def waiting(self, user_id: UUID) -> int:
        """Count the open applications that the person looks after."""
        return await self.session.scalar(_on_desk(user_id).with_only_columns(func.count()).order_by(None)) or 0

    async def hand_over(self, user_id: UUID, successor_id: UUID, *, by: UUID, at: datetime) -> int:
        """Let a colleague look after what a person looked after, in the same roles.

        Raises:
            NotFieldStaff: The colleague has no employee record.
            EmployeeRetired, EmployeeOfAnotherBranch: The colleague does not look after applications there.
        """
        on_it = _on_desk(user_id).with_only_columns(Assignment.application_id).order_by(None)
        applications = await self.session.scalars(
            select(CustomerApplication)
            .where(CustomerApplication.id.in_(on_it))
            .order_by(CustomerApplication.id)
            .with_for_update()
        )
        for application in applications:
            application.renewed(at)
        rows = (await self.session.execute(_on_desk(user_id).with_for_update(of=Assignment))).all()
        if not rows:
            return 0
        successor = await self.session.scalar(
            select(Employee).where(Employee.user_id == successor_id).order_by(Employee.is_active.desc()).limit(1)
        )
        if successor is None:
            raise NotFieldStaff("The colleague has no employee record, so no application can be assigned to them.")
        looking_after = LookingAfterService(self.session)
        for assignment, branch_id in rows:
            check_assignable(
                is_active=successor.is_active, employee_branch=successor.branch_id, application_branch=branch_id
            )
            release = released(assignment, by=by, at=at)
            application_id, role = assignment.application_id, assignment.assignment_role
            await self.session.flush()
            self.announce(release)
            taken = select(Assignment.id).where(
                Assignment.application_id == application_id,
                Assignment.employee_id == successor.id,
                Assignment.assignment_role == role,
                Assignment.is_active,
            )
            if await self.session.scalar(taken) is None:
                await looking_after.entrust(application_id, successor, role, assignment.notes, by=by, at=at)
        return len(rows)


def _on_desk(user_id: UUID) -> Select[Assignment, UUID | None]:
    """Select the assignments of a person to applications that still go on, each with its branch."""
    return (
        select(Assignment, CustomerApplication.branch_id)
        .join(CustomerApplication, CustomerApplication.id == Assignment.application_id)
        .join(Employee, Employee.id == Assignment.employee_id)
        .where(
            Employee.user_id == user_id, Assignment.is_active, CustomerApplication.workflow_status.not_in(list(CLOSED))
        )
        .order_by(Assignment.assigned_at, Assignment.id)
    )
