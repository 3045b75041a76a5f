"""Handing a role on for a while, and taking it back."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased, load_only

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.authorities.access import MANAGE, delegations_visible_to
from lc_workflow.lending.authorities.models import Delegation
from lc_workflow.lending.authorities.queries import Holders
from lc_workflow.lending.authorities.schemas import NewDelegation, stored_limits
from lc_workflow.lending.authorities.service.people import active_person, check_acts, sees
from lc_workflow.lending.events import DelegationEnded, RoleDelegated
from lc_workflow.lending.rules.authority import Holding, NotToOneself, check_delegation
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.service import Service

NamedDelegation: TypeAlias = tuple[Delegation, User, User]
"""A delegation, who is absent, and who stands in."""


class StandsInAlready(Invalid):
    """Somebody stands in for the same colleague in the same role at that time; the higher limit would count."""


class StandInSeesNothing(Invalid):
    """A stand-in must be able to see what waits for them, which people of another branch mostly cannot."""


class NotYourDelegation(Forbidden):
    """A delegation is made and taken back by the absent person, or by whoever manages authority."""


class DelegationService(Service[Delegation]):
    """Who stands in for whom."""

    noun = "delegation"

    async def page(
        self, window: Window, *, with_ended: bool, principal: Principal, at: datetime
    ) -> tuple[list[NamedDelegation], int]:
        """List delegations with both people, the latest first, and how many there are in all.

        Without those that have ended, these are the present and the future ones.
        """
        where = [delegations_visible_to(principal)]
        if not with_ended:
            where += [Delegation.ended_at.is_(None), Delegation.ends_at > at]
        giver, taker = aliased(User), aliased(User)
        listed = (
            select(Delegation, giver, taker)
            .options(*(load_only(who.first_name, who.last_name, who.status) for who in (giver, taker)))
            .join(giver, giver.id == Delegation.from_id)
            .join(taker, taker.id == Delegation.to_id)
            .where(*where)
            .order_by(Delegation.starts_at.desc(), Delegation.id)
        )
        rows, total = await read_page(self.session, listed, window)
        return [(row, absent, stand_in) for row, absent, stand_in in rows], total

    async def delegate(self, wish: NewDelegation, *, principal: Principal, at: datetime) -> NamedDelegation:
        """Let somebody stand in for a while.

        Raises:
            NotYourDelegation: It is somebody else's role to hand on.
            NoSuchPerson: One of the two is nobody.
            NotToOneself, BadPeriod, NotYoursToDelegate, LimitAboveOwn: See `rules.authority`.
            StandInSeesNothing: The applications that wait for the one are not the other's to see.
            OnlyReads: The other could not decide.
            StandsInAlready: The one stands in for the other in that role at that time already.
        """
        from_id = wish.from_id or principal.id
        if from_id != principal.id and not principal.may(MANAGE):
            raise NotYourDelegation("This is somebody else's role to hand on; ask them, or whoever manages authority.")
        if wish.to_id == principal.id:
            raise NotToOneself("Nobody makes themselves somebody's stand-in.")
        async with self.transaction():
            # Both are locked, always in one order, so that two people who delegate to each other do not deadlock.
            people = {
                person_id: await active_person(self.session, person_id) for person_id in sorted({from_id, wish.to_id})
            }
            giver, taker = people[from_id], people[wish.to_id]
            own = await Holders(self.session).own(giver.id, at=at)
            check_delegation(
                from_id=giver.id,
                to_id=taker.id,
                role=wish.role,
                limits=wish.limits,
                starts_at=wish.starts_at,
                ends_at=wish.ends_at,
                own=own,
                at=at,
            )
            await self._check_not_standing_in(giver.id, taker.id, wish)
            await self._must_see(taker, [holding for holding in own if holding.role == wish.role], at=at)
            await check_acts(self.session, taker, field="to_id", at=at)
            delegation = await self.create(
                Delegation(
                    from_id=giver.id,
                    to_id=taker.id,
                    role=wish.role,
                    starts_at=wish.starts_at,
                    ends_at=wish.ends_at,
                    limits=stored_limits(wish.limits),
                    reason=wish.reason,
                    made_by=principal.id,
                    made_at=at,
                )
            )
            self.announce(
                RoleDelegated(
                    actor_id=principal.id,
                    at=at,
                    delegation_id=delegation.id,
                    from_id=giver.id,
                    to_id=taker.id,
                    role=delegation.role,
                    reason=delegation.reason,
                )
            )
        return delegation, giver, taker

    async def take_back(self, delegation_id: UUID, *, principal: Principal, at: datetime) -> None:
        """End a delegation before its time; ending it again changes nothing.

        Raises:
            Missing: There is no such delegation, or the person may not see it.
            NotYourDelegation: It is not theirs to take back.
        """
        async with self.transaction():
            delegation = await self.find(delegations_visible_to(principal), id=delegation_id, lock=True)
            if principal.id not in {delegation.from_id, delegation.to_id} and not principal.may(MANAGE):
                raise NotYourDelegation("It ends when whoever is absent takes it back, or whoever manages authority.")
            if delegation.ended_at is None:
                delegation.ended_at, delegation.ended_by = at, principal.id
                self.announce(
                    DelegationEnded(
                        actor_id=principal.id,
                        at=at,
                        delegation_id=delegation.id,
                        from_id=delegation.from_id,
                        to_id=delegation.to_id,
                        role=delegation.role,
                    )
                )

    async def _must_see(self, person: User, held: Iterable[Holding], *, at: datetime) -> None:
        if not await sees(self.session, person, held, at=at):
            raise StandInSeesNothing(
                f"{person.first_name} {person.last_name} does not see these applications; choose somebody of the branch"
                " who does, or let an administrator widen what they may read first.",
                errors=(FieldError("to_id", "does not see these applications"),),
            )

    async def _check_not_standing_in(self, from_id: UUID, to_id: UUID, wish: NewDelegation) -> None:
        standing = select(Delegation.id).where(
            Delegation.from_id == from_id,
            Delegation.to_id == to_id,
            Delegation.role == wish.role,
            Delegation.ended_at.is_(None),
            Delegation.starts_at < wish.ends_at,
            Delegation.ends_at > wish.starts_at,
        )
        if await self.session.scalar(select(standing.exists())):
            raise StandsInAlready(
                "This person stands in in that role at that time already; take that back first, or choose another time."
            )
