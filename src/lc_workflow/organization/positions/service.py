"""Opening, changing and closing positions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.events import PositionChanged, PositionClosed, PositionOpened
from lc_workflow.organization.positions.access import visible_to
from lc_workflow.organization.positions.models import Position
from lc_workflow.organization.positions.schemas import NewPosition, PositionChange
from lc_workflow.platform.db.alike import is_taken
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import differing, given
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service


class PositionNameTaken(Invalid):
    """Another position has this name."""

    def __init__(self) -> None:
        super().__init__(
            "Another position already has this name; capital letters and signs that nobody sees make no difference.",
            errors=(FieldError("name", "is taken"),),
        )


class PositionService(Service[Position]):
    """The positions of the institution."""

    noun = "position"

    async def page(
        self, window: Window, *, search: str | None, is_active: bool | None, principal: Principal
    ) -> tuple[Sequence[Position], int]:
        """List positions by name, with how many there are in all."""
        where: list[ColumnElement[bool]] = [visible_to(principal)]
        if search:
            where.append(contains(Position.name, search))
        if is_active is not None:
            where.append(Position.is_active.is_(is_active))
        return await self.page_of(window, *where, by=[Position.name, Position.id])

    async def open(self, wish: NewPosition, *, principal: Principal, at: datetime) -> Position:
        """Open a position.

        Raises:
            PositionNameTaken: Another position has the name.
        """
        async with self.transaction():
            if await is_taken(self.session, Position.name, wish.name):
                raise PositionNameTaken
            position = await self.create(Position(**given(wish), created_at=at, updated_at=at))
            self.announce(PositionOpened(actor_id=principal.id, at=at, position_id=position.id, name=position.name))
        return position

    async def change(self, position_id: UUID, wish: PositionChange, *, principal: Principal, at: datetime) -> Position:
        """Change what the wish names.

        Raises:
            Missing: There is no such position.
            PositionNameTaken: Another position has the name.
        """
        async with self.transaction():
            position = await self.find(visible_to(principal), id=position_id, lock=True)
            if changes := differing(position, wish):
                if "name" in changes and await is_taken(self.session, Position.name, changes["name"], but=position.id):
                    raise PositionNameTaken
                position.change(changes, at=at)
                self.announce(
                    PositionChanged(
                        actor_id=principal.id, at=at, position_id=position.id, fields=tuple(sorted(changes))
                    )
                )
        return position

    async def close(self, position_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Close a position; what happened there stays on record, and closing it again changes nothing.

        Raises:
            Missing: There is no such position.
        """
        async with self.transaction():
            position = await self.find(visible_to(principal), id=position_id, lock=True)
            if position.is_active:
                position.change({"is_active": False}, at=at)
                self.announce(PositionClosed(actor_id=principal.id, at=at, position_id=position.id))
