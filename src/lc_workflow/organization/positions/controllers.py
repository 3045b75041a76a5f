"""The paths of positions."""

from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.positions.access import CREATE, DELETE, READ, UPDATE, visible_to
from lc_workflow.organization.positions.schemas import NewPosition, PositionAnswer, PositionChange
from lc_workflow.organization.positions.service import PositionService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class PositionController(Controller):
    """Positions."""

    path = "/api/v1/positions"
    tags = ("Positions",)
    dependencies = {"positions": provide(PositionService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_positions(
        self,
        positions: NamedDependency[PositionService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        search: FromQuery[str | None] = None,
        is_active: FromQuery[bool | None] = None,
    ) -> Page[PositionAnswer]:
        """List positions by name."""
        rows, total = await positions.page(window, search=search, is_active=is_active, principal=principal)
        return Page.of([shaped(row, PositionAnswer) for row in rows], total=total, window=window)

    @post(guards=[requires(CREATE)])
    async def open(
        self,
        data: JSONBody[NewPosition],
        positions: NamedDependency[PositionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PositionAnswer:
        """Open a position."""
        return shaped(await positions.open(data, principal=principal, at=clock()), PositionAnswer)

    @get("/{position_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        position_id: FromPath[UUID],
        positions: NamedDependency[PositionService],
        principal: NamedDependency[Principal],
    ) -> PositionAnswer:
        """Show one position."""
        return shaped(await positions.find(visible_to(principal), id=position_id), PositionAnswer)

    @patch("/{position_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        position_id: FromPath[UUID],
        data: JSONBody[PositionChange],
        positions: NamedDependency[PositionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PositionAnswer:
        """Change a position."""
        return shaped(await positions.change(position_id, data, principal=principal, at=clock()), PositionAnswer)

    @delete("/{position_id:uuid}", guards=[requires(DELETE)])
    async def close(
        self,
        position_id: FromPath[UUID],
        positions: NamedDependency[PositionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Close a position."""
        await positions.close(position_id, principal=principal, at=clock())
