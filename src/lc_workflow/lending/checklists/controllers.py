"""The paths of checklists."""

from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.checklists.access import PUBLISH, READ, UPDATE, visible_to
from lc_workflow.lending.checklists.models import Checklist
from lc_workflow.lending.checklists.schemas import ChecklistAnswer, ChecklistChange, NewChecklist, read_document
from lc_workflow.lending.checklists.service import ChecklistService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class ChecklistController(Controller):
    """Which papers the house asks for."""

    path = "/api/v1/checklists"
    tags = ("Checklists",)
    dependencies = {"checklists": provide(ChecklistService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_checklists(
        self,
        checklists: NamedDependency[ChecklistService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
    ) -> Page[ChecklistAnswer]:
        """List the versions of the checklist, the newest first; `is_current` marks the one in force, if any."""
        rows, total = await checklists.page(window, principal=principal)
        current = await checklists.current_id()
        return Page.of([_shown(row, current) for row in rows], total=total, window=window)

    @post(guards=[requires(UPDATE)])
    async def draft(
        self,
        data: JSONBody[NewChecklist],
        checklists: NamedDependency[ChecklistService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistAnswer:
        """Draft a new version."""
        row = await checklists.draft(data, principal=principal, at=clock())
        return _shown(row, await checklists.current_id())

    @get("/{checklist_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        checklist_id: FromPath[UUID],
        checklists: NamedDependency[ChecklistService],
        principal: NamedDependency[Principal],
    ) -> ChecklistAnswer:
        """Show one version."""
        row = await checklists.find(visible_to(principal), id=checklist_id)
        return _shown(row, await checklists.current_id())

    @put("/{checklist_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        checklist_id: FromPath[UUID],
        data: JSONBody[ChecklistChange],
        checklists: NamedDependency[ChecklistService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistAnswer:
        """Change a draft."""
        row = await checklists.change(checklist_id, data, principal=principal, at=clock())
        return _shown(row, await checklists.current_id())

    @post("/{checklist_id:uuid}/publish", guards=[requires(PUBLISH)], status_code=200)
    async def publish(
        self,
        checklist_id: FromPath[UUID],
        checklists: NamedDependency[ChecklistService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistAnswer:
        """Publish a draft: new applications are given it."""
        row = await checklists.publish(checklist_id, principal=principal, at=clock())
        return _shown(row, await checklists.current_id())


def _shown(row: Checklist, current_id: UUID | None) -> ChecklistAnswer:
    return ChecklistAnswer(
        id=row.id,
        number=row.number,
        name=row.name,
        status=row.status,
        is_current=row.id == current_id,
        rules=read_document(row.document).rules,
        created_by=row.created_by,
        created_at=row.created_at,
        published_by=row.published_by,
        published_at=row.published_at,
    )
