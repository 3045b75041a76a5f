"""Two customers who turn out to be one person, or to be two."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm.attributes import flag_modified

from lc_workflow.kernel.errors import Busy, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.customers.access import MERGE
from lc_workflow.lending.customers.models import (
    Account,
    Customer,
    IdentityPaper,
    PossibleDuplicate,
    Telephone,
)
from lc_workflow.lending.customers.schemas import MergeRequest
from lc_workflow.lending.customers.service import TRAITS
from lc_workflow.lending.events import CustomerMergedAway, CustomersMerged, DuplicateDismissed
from lc_workflow.lending.registry.service.reach import CustomersInReach

MOST_TRIES: Final = 3
"""How often a merge locks everything anew before it gives way."""


class MergeIntoSelf(Invalid):
    """A customer cannot be merged into themselves."""


class CustomerMerging(CustomersInReach):
    """Makes one customer of two, and puts on record of others that they are two."""

    async def merge(self, customer_id: UUID, wish: MergeRequest, *, principal: Principal, at: datetime) -> None:
        """Merge one customer into another: loans, guarantees, accounts and numbers move, and the row points here.

        Raises:
            Missing: One of the two does not exist, or the person may not see them.
            NotYourCustomer: One of them belongs to another branch.
            MergeIntoSelf: They are one row already.
            MergedAway: One of them was merged before.
            Busy: Colleagues keep writing down loans or numbers of theirs.
        """
        if wish.customer_id == customer_id:
            raise MergeIntoSelf("Name two different customers.")
        async with self.transaction():
            taker, giver = await self._held(customer_id, wish.customer_id, principal)
            loans = await self._loan_book.hand_over(self.session, giver=giver.id, taker=taker.id)
            await self._move_belongings(giver.id, taker.id)
            for name in (*TRAITS, "branch_id"):
                if getattr(taker, name) is None:
                    setattr(taker, name, getattr(giver, name))
            taker.updated_at = giver.updated_at = at
            giver.merged_into, taker.written_for = taker.id, None
            flag_modified(taker, "updated_at")
            await self.session.execute(
                update(Customer).where(Customer.merged_into == giver.id).values(merged_into=taker.id)
            )
            self.announce(
                CustomersMerged(
                    actor_id=principal.id,
                    at=at,
                    customer_id=taker.id,
                    merged_id=giver.id,
                    application_ids=loans,
                    reason=wish.reason,
                )
            )
            self.announce(
                CustomerMergedAway(
                    actor_id=principal.id, at=at, customer_id=giver.id, into_id=taker.id, reason=wish.reason
                )
            )

    async def _held(self, taker_id: UUID, giver_id: UUID, principal: Principal) -> tuple[Customer, Customer]:
        """Lock the giver's loans, all that both are found by, and then both; whoever works on a loan locks it first.

        What became theirs while this waited is locked with the rest, from the beginning: locked last, it could be
        waited for by somebody who waits for the customer.

        Raises:
            Busy: There was more each time.
        """
        ids = [taker_id, giver_id]
        for _ in range(MOST_TRIES):
            async with self.session.begin_nested() as attempt:
                loans = await self._loan_book.hold(self.session, giver_id)
                keys = await self._keys_of(ids)
                await self.hold(customer_ids=ids)
                both = {each: await self._locked(each, MERGE, principal) for each in sorted(ids)}
                if await self._keys_of(ids) <= keys and await self._loan_book.of(self.session, giver_id) <= loans:
                    return both[taker_id], both[giver_id]
                await attempt.rollback()
            self.session.expire_all()  # or the next try would go by what was read in this one
        raise Busy("Colleagues are just writing down loans of this customer; try again.")

    async def dismiss(self, customer_id: UUID, duplicate_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Record that two people who share a number are different people.

        Raises:
            Missing: There is no such customer or finding, or the person may not see it.
            NotYourCustomer: The customer belongs to another branch.
            MergedAway: The customer turned out to be somebody else.
        """
        async with self.transaction():
            customer = await self._locked(customer_id, MERGE, principal)
            finding = await self.session.get(PossibleDuplicate, duplicate_id, with_for_update=True)
            if finding is None or customer.id not in {finding.customer_id, finding.other_id}:
                raise Missing("There is no such finding about this customer.")
            if finding.dismissed_at is None:
                finding.dismissed_at, finding.dismissed_by = at, principal.id
                self.announce(
                    DuplicateDismissed(
                        actor_id=principal.id,
                        at=at,
                        customer_id=customer.id,
                        other_id=finding.other_id if finding.customer_id == customer.id else finding.customer_id,
                    )
                )

    async def _move_belongings(self, giver: UUID, taker: UUID) -> None:
        """Move accounts, papers, telephones and findings; what the taker has already stays the taker's."""
        await self.session.execute(update(Account).where(Account.customer_id == giver).values(customer_id=taker))
        for kind, key in ((IdentityPaper, IdentityPaper.identity_index), (Telephone, Telephone.phone_index)):
            theirs = select(key).where(kind.customer_id == taker)
            await self.session.execute(
                update(kind)
                .where(kind.customer_id == giver, key.not_in(theirs))
                .values(customer_id=taker)
                .execution_options(synchronize_session=False)
            )
            await self.session.execute(delete(kind).where(kind.customer_id == giver))
        await self._move_findings(giver, taker)

    async def _move_findings(self, giver: UUID, taker: UUID) -> None:
        """Make the giver's findings the taker's; one that the taker has already, or of the two themselves, goes."""
        mine, other = PossibleDuplicate.customer_id, PossibleDuplicate.other_id
        both = giver, taker
        found = await self.session.scalars(select(PossibleDuplicate).where(or_(mine.in_(both), other.in_(both))))
        rows = found.all()
        moving = [row for row in rows if giver in {row.customer_id, row.other_id}]
        theirs = [row for row in rows if giver not in {row.customer_id, row.other_id}]
        known = {(frozenset({row.customer_id, row.other_id}), row.matched_by) for row in theirs}
        for row in moving:
            pair = tuple(taker if each == giver else each for each in (row.customer_id, row.other_id))
            finding = frozenset(pair), row.matched_by
            if pair[0] == pair[1] or finding in known:
                await self.session.delete(row)
            else:
                row.customer_id, row.other_id = pair
                known.add(finding)
        await self.session.flush()
