"""The paths of branches."""

from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.access import CREATE, DELETE, READ, UPDATE, visible_to
from lc_workflow.organization.branches.schemas import BranchAnswer, BranchChange, NewBranch
from lc_workflow.organization.branches.service import BranchService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class BranchController(Controller):
    """Branches."""

    path = "/api/v1/branches"
    tags = ("Branches",)
    dependencies = {"branches": provide(BranchService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_branches(
        self,
        branches: NamedDependency[BranchService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        search: FromQuery[str | None] = None,
        is_active: FromQuery[bool | None] = None,
    ) -> Page[BranchAnswer]:
        """List branches by name."""
        rows, total = await branches.page(window, search=search, is_active=is_active, principal=principal)
        return Page.of([shaped(row, BranchAnswer) for row in rows], total=total, window=window)

    @get("/active", guards=[requires(READ)])
    async def list_active(
        self,
        branches: NamedDependency[BranchService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        search: FromQuery[str | None] = None,
    ) -> Page[BranchAnswer]:
        """List branches that are open, by name."""
        rows, total = await branches.page(window, search=search, is_active=True, principal=principal)
        return Page.of([shaped(row, BranchAnswer) for row in rows], total=total, window=window)

    @post(guards=[requires(CREATE)])
    async def open(
        self,
        data: JSONBody[NewBranch],
        branches: NamedDependency[BranchService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> BranchAnswer:
        """Open a branch."""
        return shaped(await branches.open(data, principal=principal, at=clock()), BranchAnswer)

    @get("/{branch_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        branch_id: FromPath[UUID],
        branches: NamedDependency[BranchService],
        principal: NamedDependency[Principal],
    ) -> BranchAnswer:
        """Show one branch."""
        return shaped(await branches.find(visible_to(principal), id=branch_id), BranchAnswer)

    @patch("/{branch_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        branch_id: FromPath[UUID],
        data: JSONBody[BranchChange],
        branches: NamedDependency[BranchService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> BranchAnswer:
        """Change a branch."""
        return shaped(await branches.change(branch_id, data, principal=principal, at=clock()), BranchAnswer)

    @delete("/{branch_id:uuid}", guards=[requires(DELETE)])
    async def close(
        self,
        branch_id: FromPath[UUID],
        branches: NamedDependency[BranchService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Close a branch."""
        await branches.close(branch_id, principal=principal, at=clock())
