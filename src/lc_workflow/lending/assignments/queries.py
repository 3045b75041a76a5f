"""How much work employees have: the applications they look after, of those a person may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.dates import begin_of, end_of
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import Assignment, CustomerApplication
from lc_workflow.lending.applications.queries.wanted import one_of, stages_of
from lc_workflow.lending.assignments.access import visible_to
from lc_workflow.lending.assignments.schemas import WorkInHand, Workload, WorkloadLine
from lc_workflow.lending.rules.stages import CLOSED, STATUS_OF, Status
from lc_workflow.organization.cards import BranchCard, DepartmentCard
from lc_workflow.organization.employees.access import visible_to as employees_visible_to
from lc_workflow.organization.employees.models import WHOLE, Employee
from lc_workflow.platform.http.shapes import shaped


class WorkStatus(StrEnum):
    """Which work is counted: `pending` is still to be done, `completed` is ended or decided."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    PENDING = "pending"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedWork:
    """Which assignments are counted: by where their applications stand, and by the day on which they were given."""

    status: WorkStatus | None = None
    date_from: date | None = None
    date_to: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Turn it into conditions on assignments and their applications."""
        given, where = Assignment.assigned_at, []
        if self.status is not None:
            where.append(_stands(self.status))
        if self.date_from is not None:
            where.append(given >= begin_of(self.date_from))
        if self.date_to is not None:
            where.append(given < end_of(self.date_to))
        return where


def _stands(status: WorkStatus) -> ColumnElement[bool]:
    stage = CustomerApplication.workflow_status
    match status:
        case WorkStatus.PENDING:
            return one_of(stage, stages_of(Status.SUBMITTED) | stages_of(Status.UNDER_REVIEW))
        case WorkStatus.COMPLETED:
            return or_(~Assignment.is_active, one_of(stage, CLOSED))
        case _:
            return one_of(stage, stages_of(Status(status)))


class WorkloadQueries:
    """What employees look after, in figures."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, employee_id: UUID, *, counted: CountedWork, principal: Principal) -> Workload:
        """Count what one employee looks after: what is ended or decided is completed.

        Raises:
            Missing: There is no such employee, or the person may not see them.
        """
        known = select(Employee.id).where(employees_visible_to(principal), Employee.id == employee_id)
        if await self._session.scalar(known) is None:
            raise Missing("There is no such employee, or they are not yours to see.")
        rows = await self._session.execute(
            select(Assignment.is_active, CustomerApplication.workflow_status, func.count())
            .join(CustomerApplication, CustomerApplication.id == Assignment.application_id)
            .where(Assignment.employee_id == employee_id, visible_to(principal), *counted.conditions())
            .group_by(Assignment.is_active, CustomerApplication.workflow_status)
        )
        by_status = dict.fromkeys(Status, 0)
        total = active = 0
        for is_active, stage, count in rows:
            by_status[STATUS_OF[stage]] += count
            total += count
            active += count if is_active and stage not in CLOSED else 0
        return Workload(total, active, total - active, by_status)

    async def summary(
        self, *, branch_id: UUID | None, department_id: UUID | None, counted: CountedWork, principal: Principal
    ) -> Sequence[WorkloadLine]:
        """Count for every active employee what they look after now, in two statements; by code."""
        where = [employees_visible_to(principal), Employee.is_active]
        if branch_id is not None:
            where.append(Employee.branch_id == branch_id)
        if department_id is not None:
            where.append(Employee.department_id == department_id)
        people = await self._session.scalars(
            select(Employee).where(*where).options(*WHOLE).order_by(Employee.employee_code)
        )
        given = await self._session.execute(
            select(Assignment.employee_id, CustomerApplication.workflow_status, func.count())
            .join(CustomerApplication, CustomerApplication.id == Assignment.application_id)
            .where(Assignment.is_active, visible_to(principal), *counted.conditions())
            .group_by(Assignment.employee_id, CustomerApplication.workflow_status)
        )
        work: dict[UUID, dict[Status, int]] = {}
        for employee_id, stage, count in given:
            of_employee = work.setdefault(employee_id, dict.fromkeys(Status, 0))
            of_employee[STATUS_OF[stage]] += count
        return [_line_of(person, work.get(person.id, dict.fromkeys(Status, 0))) for person in people]


def _line_of(person: Employee, by_status: dict[Status, int]) -> WorkloadLine:
    total = sum(by_status.values())
    return WorkloadLine(
        employee_id=person.id,
        employee_code=person.employee_code,
        full_name_khmer=person.full_name_khmer,
        full_name_latin=person.full_name_latin,
        position=person.position,
        department=shaped(person.department, DepartmentCard) if person.department else None,
        branch=shaped(person.branch, BranchCard) if person.branch else None,
        total_assignments=total,
        assignments_by_status=by_status,
        workload=WorkInHand(total, by_status),
    )
