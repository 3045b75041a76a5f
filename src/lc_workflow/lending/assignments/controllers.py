"""The paths of assignments."""

from datetime import date
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.schemas import AssignmentAnswer
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.assignments.access import ASSIGN, READ
from lc_workflow.lending.assignments.queries import CountedWork, WorkloadQueries, WorkStatus
from lc_workflow.lending.assignments.schemas import AssignmentChange, NewAssignment, Workload, WorkloadLine
from lc_workflow.lending.assignments.service import AssignmentService
from lc_workflow.organization.employees.access import READ as READ_EMPLOYEES
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import DbSession, Provider, provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


def open_assignments(db_session: DbSession, applications: NamedDependency[ApplicationService]) -> AssignmentService:
    """Provide the assignment service beside the application service of the same request."""
    return AssignmentService(db_session, applications=applications)


class AssignmentController(Controller):
    """Employees looking after applications."""

    path = "/api/v1/employees/assignments"
    tags = ("Assignments",)
    dependencies = {"assignments": Provider(open_assignments)}

    @get("/application/{application_id:uuid}", guards=[requires(READ)])
    async def of_application(
        self,
        application_id: FromPath[UUID],
        assignments: NamedDependency[AssignmentService],
        principal: NamedDependency[Principal],
    ) -> list[AssignmentAnswer]:
        """List who looks after an application, ended assignments included."""
        rows = await assignments.of_application(application_id, principal=principal)
        return [shaped(row, AssignmentAnswer) for row in rows]

    @get("/employee/{employee_id:uuid}", guards=[requires(READ)])
    async def of_employee(
        self,
        employee_id: FromPath[UUID],
        assignments: NamedDependency[AssignmentService],
        principal: NamedDependency[Principal],
    ) -> list[AssignmentAnswer]:
        """List what an employee looks after, of the applications one may see."""
        rows = await assignments.of_employee(employee_id, principal=principal)
        return [shaped(row, AssignmentAnswer) for row in rows]

    @post(guards=[requires(ASSIGN)])
    async def assign(
        self,
        data: JSONBody[NewAssignment],
        assignments: NamedDependency[AssignmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> AssignmentAnswer:
        """Ask an employee to look after an application."""
        return shaped(await assignments.assign(data, principal=principal, at=clock()), AssignmentAnswer)

    @patch("/{assignment_id:uuid}", guards=[requires(ASSIGN)])
    async def change(
        self,
        assignment_id: FromPath[UUID],
        data: JSONBody[AssignmentChange],
        assignments: NamedDependency[AssignmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> AssignmentAnswer:
        """Change an assignment, or end it."""
        changed = await assignments.change(assignment_id, data, principal=principal, at=clock())
        return shaped(changed, AssignmentAnswer)

    @delete("/{assignment_id:uuid}", guards=[requires(ASSIGN)])
    async def release(
        self,
        assignment_id: FromPath[UUID],
        assignments: NamedDependency[AssignmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """End an assignment; it stays on record."""
        await assignments.release(assignment_id, principal=principal, at=clock())


def counted_work(
    status: FromQuery[WorkStatus | None] = None,
    date_from: FromQuery[date | None] = None,
    date_to: FromQuery[date | None] = None,
) -> CountedWork:
    """Read which assignments are to be counted."""
    return CountedWork(status=status, date_from=date_from, date_to=date_to)


class WorkloadController(Controller):
    """How much work employees have."""

    path = "/api/v1/employees"
    tags = ("Assignments",)
    dependencies = {
        "workload": provide(WorkloadQueries),
        "counted_work": Provider(counted_work),
    }

    @get("/{employee_id:uuid}/workload", guards=[requires(READ_EMPLOYEES)])
    async def of_one(
        self,
        employee_id: FromPath[UUID],
        workload: NamedDependency[WorkloadQueries],
        counted_work: NamedDependency[CountedWork],
        principal: NamedDependency[Principal],
    ) -> Workload:
        """Count what an employee looks after, of the applications one may see."""
        return await workload.of(employee_id, counted=counted_work, principal=principal)

    @get("/reports/workload-summary", guards=[requires(READ_EMPLOYEES)])
    async def of_all(
        self,
        workload: NamedDependency[WorkloadQueries],
        counted_work: NamedDependency[CountedWork],
        principal: NamedDependency[Principal],
        branch_id: FromQuery[UUID | None] = None,
        department_id: FromQuery[UUID | None] = None,
    ) -> list[WorkloadLine]:
        """Count for every employee what they look after now, of the applications one may see."""
        return list(
            await workload.summary(
                branch_id=branch_id, department_id=department_id, counted=counted_work, principal=principal
            )
        )
