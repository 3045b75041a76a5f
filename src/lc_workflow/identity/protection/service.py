"""Shutting addresses out and letting them in again, and noting who was refused a decision."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import ColumnElement, cast, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import get_contextvars

from lc_workflow.identity.events import AddressBlocked, AddressUnblocked
from lc_workflow.identity.protection.models import BlockedAddress, RefusedDecision
from lc_workflow.identity.protection.schemas import NewBlock
from lc_workflow.identity.rules.blocking import check_not_own, network_of
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.journal.origin import ADDRESS, SESSION
from lc_workflow.platform.security.blocklist import Blocklist
from lc_workflow.platform.service import Service

MOST_REFUSALS: Final = 20
REFUSALS_FOR: Final = timedelta(hours=1)
"""How many refusals of one person are written down in which time: more say nothing new, and would fill the table."""


class AlreadyBlocked(Invalid):
    """The address is shut out already."""


async def blocked_networks(session: AsyncSession, *, at: datetime) -> Iterable[str]:
    """Read what is shut out now; the connection goes back to the pool at once."""
    networks = (await session.scalars(select(BlockedAddress.network).where(_holds(at)))).all()
    await session.rollback()
    return networks


async def note_refusal(
    session: AsyncSession, code: str, *, person_id: UUID, application_id: UUID | None, at: datetime
) -> None:
    """Write down that somebody was refused a decision, and commit; the session has rolled back what was refused."""
    recent = (
        select(func.count())
        .select_from(RefusedDecision)
        .where(RefusedDecision.person_id == person_id, RefusedDecision.at > at - REFUSALS_FOR)
        .scalar_subquery()
    )
    columns = RefusedDecision.__table__.c
    values = {
        "id": uuid4(),
        "person_id": person_id,
        "application_id": application_id,
        "code": code,
        "at": at,
        "session_id": SESSION.get(),
        "address": ADDRESS.get(),
        "request_id": get_contextvars().get("request_id"),
    }
    row = select(*(cast(literal(value, columns[name].type), columns[name].type) for name, value in values.items()))
    await session.execute(insert(RefusedDecision).from_select(list(values), row.where(recent < MOST_REFUSALS)))
    await session.commit()


class ProtectionService(Service[BlockedAddress]):
    """The addresses that nothing is answered to."""

    class Repo(SQLAlchemyAsyncRepository[BlockedAddress]):
        """Blocked addresses as rows."""

        model_type = BlockedAddress

    repository_type = Repo
    noun = "blocked address"

    def __init__(self, session: AsyncSession, *, blocklist: Blocklist) -> None:
        """Open the service on the request's session; `blocklist` is what this process knows."""
        super().__init__(session)
        self._blocklist = blocklist

    async def blocked(self, *, at: datetime) -> Sequence[BlockedAddress]:
        """List what is shut out now, the latest first."""
        rows = await self.session.scalars(
            select(BlockedAddress).where(_holds(at)).order_by(BlockedAddress.created_at.desc(), BlockedAddress.id)
        )
        return rows.all()

    async def block(
        self, wish: NewBlock, *, own_address: str | None, principal: Principal, at: datetime
    ) -> BlockedAddress:
        """Shut an address or a network out.

        Raises:
            NotAnAddress, NetworkTooWide, OwnAddress: It cannot be shut out.
            AlreadyBlocked: It is already.
        """
        network = network_of(wish.address)
        check_not_own(network, own_address)
        async with self.transaction():
            former = await self.get_one_or_none(network=str(network), with_for_update=True)
            if former is not None and (former.until is None or former.until > at):
                raise AlreadyBlocked("This address is blocked already; take the block away to set another.")
            if former is not None:  # a block that has run out makes room
                await self.session.delete(former)
                await self.session.flush()
            row = await self.create(
                BlockedAddress(
                    network=str(network),
                    reason=wish.reason,
                    created_by=principal.id,
                    created_at=at,
                    until=at + timedelta(minutes=wish.minutes) if wish.minutes else None,
                )
            )
            self.announce(
                AddressBlocked(
                    actor_id=principal.id, at=at, blocked_address_id=row.id, network=row.network, reason=row.reason
                )
            )
        self._blocklist.forget()
        return row

    async def unblock(self, block_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Let an address in again.

        Raises:
            Missing: There is no such block.
        """
        async with self.transaction():
            row = await self.find(id=block_id, lock=True)
            await self.session.delete(row)
            await self.session.flush()
            self.announce(
                AddressUnblocked(actor_id=principal.id, at=at, blocked_address_id=row.id, network=row.network)
            )
        self._blocklist.forget()


def _holds(at: datetime) -> ColumnElement[bool]:
    return or_(BlockedAddress.until.is_(None), BlockedAddress.until > at)
