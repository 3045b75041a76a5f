"""What happened to an application, as its moves tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stays import Stay, stays
from lc_workflow.lending.workflow.models import Move


@dataclass(frozen=True, slots=True)
class ToldMove:
    """A move with the names of who made it and for whom; the house has no name."""

    move: Move
    actor_name: str | None
    on_behalf_of_name: str | None


class PastMoves:
    """Reads the moves of applications one may see."""

    def __init__(self, session: AsyncSession) -> None:
        """Read on the request's session."""
        self._session = session

    async def history(self, application_id: UUID, *, principal: Principal) -> list[ToldMove]:
        """List the steps an application took, oldest first.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self._begun_at(application_id, principal)
        actor, absent = aliased(User), aliased(User)
        rows = await self._session.execute(
            select(Move, actor.first_name, actor.last_name, absent.first_name, absent.last_name)
            .outerjoin(actor, actor.id == Move.actor_id)
            .outerjoin(absent, absent.id == Move.on_behalf_of)
            .where(Move.application_id == application_id)
            .order_by(Move.number)
        )
        return [ToldMove(move, _name(names[:2]), _name(names[2:])) for move, *names in rows]

    async def stays(self, application_id: UUID, *, principal: Principal, at: datetime) -> tuple[Stay, ...]:
        """List where an application stood and for how long.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        begun_at = await self._begun_at(application_id, principal)
        moves = await self._session.scalars(
            select(Move).where(Move.application_id == application_id).order_by(Move.number)
        )
        return stays(begun_at, moves.all(), at=at)

    async def _begun_at(self, application_id: UUID, principal: Principal) -> datetime:
        begun_at = await self._session.scalar(
            select(CustomerApplication.created_at).where(
                visible_to(principal), CustomerApplication.id == application_id
            )
        )
        if begun_at is None:
            raise Missing("There is no such application, or it is not yours to see.")
        return begun_at


def _name(names: Sequence[str | None]) -> str | None:
    return " ".join(name for name in names if name) or None
