"""The paths of departments."""

from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.departments.access import CREATE, DELETE, READ, UPDATE, visible_to
from lc_workflow.organization.departments.schemas import DepartmentAnswer, DepartmentChange, NewDepartment
from lc_workflow.organization.departments.service import DepartmentService
from lc_workflow.organization.ports import NOBODY, ForHeadcounts
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class DepartmentController(Controller):
    """Departments."""

    path = "/api/v1/departments"
    tags = ("Departments",)
    dependencies = {"departments": provide(DepartmentService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_departments(
        self,
        departments: NamedDependency[DepartmentService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        headcounts: ForHeadcounts,
        search: FromQuery[str | None] = None,
        is_active: FromQuery[bool | None] = None,
        include_counts: FromQuery[bool | None] = None,
    ) -> Page[DepartmentAnswer]:
        """List departments by name, with the numbers of their accounts when `include_counts` asks for them."""
        rows, total = await departments.page(window, search=search, is_active=is_active, principal=principal)
        answers = [shaped(row, DepartmentAnswer) for row in rows]
        if include_counts:
            answers = await _counted(answers, headcounts)
        return Page.of(answers, total=total, window=window)

    @get("/active", guards=[requires(READ)])
    async def list_active(
        self,
        departments: NamedDependency[DepartmentService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        search: FromQuery[str | None] = None,
    ) -> Page[DepartmentAnswer]:
        """List departments that are open, by name."""
        rows, total = await departments.page(window, search=search, is_active=True, principal=principal)
        return Page.of([shaped(row, DepartmentAnswer) for row in rows], total=total, window=window)

    @post(guards=[requires(CREATE)])
    async def open(
        self,
        data: JSONBody[NewDepartment],
        departments: NamedDependency[DepartmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DepartmentAnswer:
        """Open a department."""
        return shaped(await departments.open(data, principal=principal, at=clock()), DepartmentAnswer)

    @get("/{department_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        department_id: FromPath[UUID],
        departments: NamedDependency[DepartmentService],
        principal: NamedDependency[Principal],
        headcounts: ForHeadcounts,
        include_counts: FromQuery[bool | None] = None,
    ) -> DepartmentAnswer:
        """Show one department, with the numbers of its accounts when `include_counts` asks for them."""
        answer = shaped(await departments.find(visible_to(principal), id=department_id), DepartmentAnswer)
        return (await _counted([answer], headcounts))[0] if include_counts else answer

    @patch("/{department_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        department_id: FromPath[UUID],
        data: JSONBody[DepartmentChange],
        departments: NamedDependency[DepartmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DepartmentAnswer:
        """Change a department."""
        return shaped(await departments.change(department_id, data, principal=principal, at=clock()), DepartmentAnswer)

    @delete("/{department_id:uuid}", guards=[requires(DELETE)])
    async def close(
        self,
        department_id: FromPath[UUID],
        departments: NamedDependency[DepartmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Close a department."""
        await departments.close(department_id, principal=principal, at=clock())


async def _counted(answers: list[DepartmentAnswer], headcounts: ForHeadcounts) -> list[DepartmentAnswer]:
    people = await headcounts.of([answer.id for answer in answers])
    return [answer.counting(people.get(answer.id, NOBODY)) for answer in answers]
