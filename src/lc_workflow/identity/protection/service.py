"""Shutting addresses out, and letting them in again."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import AddressBlocked, AddressUnblocked
from lc_workflow.identity.protection.models import BlockedAddress
from lc_workflow.identity.protection.schemas import NewBlock
from lc_workflow.identity.rules.blocking import check_not_own, network_of
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.security.blocklist import Blocklist
from lc_workflow.platform.service import Service


class AlreadyBlocked(Invalid):
    """The address is blocked already."""


async def blocked_networks(session: AsyncSession, *, at: datetime) -> Iterable[str]:
    """Read what is blocked now; the connection goes back to the pool at once."""
    networks = (await session.scalars(select(BlockedAddress.network).where(_holds(at)))).all()
    await session.rollback()
    return networks


class ProtectionService(Service[BlockedAddress]):
    """The blocked addresses."""

    noun = "blocked address"

    def __init__(self, session: AsyncSession, *, blocklist: Blocklist) -> None:
        """Open the service on the request's session; `blocklist` is what this process knows."""
        super().__init__(session)
        self._blocklist = blocklist

    async def blocked(self, *, at: datetime) -> Sequence[BlockedAddress]:
        """List what is blocked now, the latest first."""
        rows = await self.session.scalars(
            select(BlockedAddress).where(_holds(at)).order_by(BlockedAddress.created_at.desc(), BlockedAddress.id)
        )
        return rows.all()

    async def block(
        self, wish: NewBlock, *, own_address: str | None, principal: Principal, at: datetime
    ) -> BlockedAddress:
        """Block an address or a network.

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
            if former is not None:  # an expired block is replaced
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
        """Unblock an address.

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
