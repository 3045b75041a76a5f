"""Giving authority, and handing it on for a while."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, load_only

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.roles.service import holds
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid, Missing
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.authorities.access import MANAGE, delegations_visible_to, visible_to
from lc_workflow.lending.authorities.models import Authority, Delegation
from lc_workflow.lending.authorities.queries import Holders
from lc_workflow.lending.authorities.schemas import NewAuthority, NewDelegation, stored_limits
from lc_workflow.lending.events import AuthorityEnded, AuthorityGiven, DelegationEnded, RoleDelegated
from lc_workflow.lending.ports import Offices
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.lending.rules.authority import Holding, NotToOneself, check_delegation, check_reach
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.branches.queries import known_region
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.service import Service

Named: TypeAlias = tuple[Authority, str, bool]
"""An authority, the name of its holder, and whether their account is active: without one it lets nobody decide."""

NamedDelegation: TypeAlias = tuple[Delegation, User, User]
"""A delegation, who is absent, and who stands in."""


READ_APPLICATIONS: Final = "application:read"
"""The permission without which nobody decides anything."""


class NoSuchOffice(Invalid):
    """No role in use and no approval matrix has this name: the authority would let nobody decide anything."""


class AuthorityHeld(Invalid):
    """The person holds the role there already; with two limits, the higher one would keep counting."""


class StandsInAlready(Invalid):
    """Somebody stands in for the same colleague in the same role at that time; the higher limit would count."""


class NoSuchPerson(Invalid):
    """Nobody with an active account has this id."""


class StandInSeesNothing(Invalid):
    """A stand-in must be able to see what waits for them, which people of another branch mostly cannot."""


class NoSuchRegion(Invalid):
    """No branch belongs to the region: authority over it would reach nothing, and nobody would notice."""


class HolderSeesNothing(Invalid):
    """Whoever gets authority over a branch or a region must be able to see applications there."""


class NotYourDelegation(Forbidden):
    """A delegation is made and taken back by the absent person, or by whoever manages authority."""


class AuthorityService(Service[Authority]):
    """Who holds which role where, and who stands in for whom."""

    noun = "authority"

    def __init__(self, session: AsyncSession, offices: Offices) -> None:
        """Open the service on the request's session; `offices` knows for whom approval matrices wait."""
        super().__init__(session)
        self._offices = offices

    async def page(
        self, window: Window, *, person_id: UUID | None, with_ended: bool, principal: Principal
    ) -> tuple[list[Named], int]:
        """List authorities with the names of their holders, the newest first, and how many there are in all."""
        where = [visible_to(principal)]
        if person_id is not None:
            where.append(Authority.person_id == person_id)
        if not with_ended:
            where.append(Authority.ended_at.is_(None))
        listed = (
            select(Authority, User.first_name, User.last_name, User.status)
            .join(User, User.id == Authority.person_id)
            .where(*where)
            .order_by(Authority.given_at.desc(), Authority.id)
        )
        rows, total = await read_page(self.session, listed, window)
        return [(row, f"{first} {last}", status is UserStatus.ACTIVE) for row, first, last, status in rows], total

    async def give(self, wish: NewAuthority, *, principal: Principal, at: datetime) -> Named:
        """Give somebody a role over a branch, a region or everything.

        Raises:
            BadAuthority: It does not say where it reaches.
            NotToOneself: Authority is given by somebody else.
            NoSuchPerson, NoSuchBranch, NoSuchRegion: Who or where is nobody or nowhere.
            NoSuchOffice: The role is none in use, and no matrix waits for it.
            AuthorityHeld: They hold it there already.
            HolderSeesNothing: The applications it reaches are not theirs to see.
        """
        check_reach(wish.reach, branch_id=wish.branch_id, region=wish.region)
        if wish.person_id == principal.id:
            raise NotToOneself("Nobody gives themselves authority; ask a colleague who may.")
        async with self.transaction():
            person = await self._active(wish.person_id)
            await self._check_office(wish.role)
            region = await self._region(wish.region)
            await self._check_not_held(wish, region)
            authority = await self.create(
                Authority(
                    person_id=person.id,
                    role=wish.role,
                    reach=wish.reach,
                    branch_id=wish.branch_id,
                    region=region,
                    limits=stored_limits(wish.limits),
                    given_by=principal.id,
                    given_at=at,
                )
            )
            if not await self._sees(person, [authority], at=at):
                raise HolderSeesNothing(
                    f"{person.first_name} {person.last_name} does not see the applications of this {wish.reach}; choose"
                    " somebody who does, or let an administrator widen what they may read first.",
                    errors=(FieldError("person_id", "does not see these applications"),),
                )
            self.announce(
                AuthorityGiven(
                    actor_id=principal.id,
                    at=at,
                    authority_id=authority.id,
                    person_id=person.id,
                    role=authority.role,
                )
            )
        return authority, f"{person.first_name} {person.last_name}", True

    async def end(self, authority_id: UUID, *, principal: Principal, at: datetime) -> None:
        """End an authority; it stays on record, and ending it again changes nothing.

        Raises:
            Missing: There is no such authority.
        """
        async with self.transaction():
            authority = await self.find(visible_to(principal), id=authority_id, lock=True)
            if authority.ended_at is None:
                authority.ended_at, authority.ended_by = at, principal.id
                self.announce(
                    AuthorityEnded(
                        actor_id=principal.id,
                        at=at,
                        authority_id=authority.id,
                        person_id=authority.person_id,
                        role=authority.role,
                    )
                )

    async def delegations(
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
            StandsInAlready: The one stands in for the other in that role at that time already.
        """
        from_id = wish.from_id or principal.id
        if from_id != principal.id and not principal.may(MANAGE):
            raise NotYourDelegation("This is somebody else's role to hand on; ask them, or whoever manages authority.")
        if wish.to_id == principal.id:
            raise NotToOneself("Nobody makes themselves somebody's stand-in.")
        async with self.transaction():
            # Both are locked, always in one order, so that two people who delegate to each other do not deadlock.
            people = {person_id: await self._active(person_id) for person_id in sorted({from_id, wish.to_id})}
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
            delegation = Delegation(
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
            self.session.add(delegation)
            await self.session.flush()
            self.announce(
                RoleDelegated(
                    actor_id=principal.id,
                    at=at,
                    delegation_id=delegation.id,
                    from_id=giver.id,
                    to_id=taker.id,
                    role=delegation.role,
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
            delegation = await self.session.scalar(
                select(Delegation)
                .where(delegations_visible_to(principal), Delegation.id == delegation_id)
                .with_for_update()
            )
            if delegation is None:
                raise Missing.unseen("delegation")
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
        if not await self._sees(person, held, at=at):
            raise StandInSeesNothing(
                f"{person.first_name} {person.last_name} does not see these applications; choose somebody of the branch"
                " who does, or let an administrator widen what they may read first.",
                errors=(FieldError("to_id", "does not see these applications"),),
            )

    async def _sees(self, person: User, held: Iterable[Holding | Authority], *, at: datetime) -> bool:
        """Whether somebody can read applications where one of these holdings reaches."""
        own = await self.session.get(Branch, person.branch_id) if person.branch_id else None
        here = any(
            one.reach is Reach.ORGANISATION
            or (
                own is not None and (one.branch_id == own.id if one.reach is Reach.BRANCH else one.region == own.region)
            )
            for one in held
        )
        near = (Scope.TEAM, Scope.DEPARTMENT, Scope.BRANCH) if here else ()
        sees = or_(*(holds(User.id, User.role, READ_APPLICATIONS, scope, at=at) for scope in (Scope.ALL, *near)))
        return bool(await self.session.scalar(select(exists().where(User.id == person.id, sees))))

    async def _check_office(self, role: str) -> None:
        in_use = exists().where(CompanyRole.name == role, CompanyRole.is_active)
        if await self.session.scalar(select(in_use)) or await self._offices.are_waited_for(self.session, role):
            return
        raise NoSuchOffice(
            f"No role in use is called {role}, and no approval matrix waits for it; correct the word, or draft the"
            " matrix first.",
            errors=(FieldError("role", "is no role, and nothing waits for it"),),
        )

    async def _check_not_held(self, wish: NewAuthority, region: str | None) -> None:
        held = select(Authority.id).where(
            Authority.person_id == wish.person_id,
            Authority.role == wish.role,
            Authority.reach == wish.reach,
            Authority.branch_id.is_not_distinct_from(wish.branch_id),
            Authority.region.is_not_distinct_from(region),
            Authority.ended_at.is_(None),
        )
        if await self.session.scalar(select(held.exists())):
            raise AuthorityHeld("This person holds that role there already; end it first to give it with other limits.")

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

    async def _region(self, name: str | None) -> str | None:
        if name is None or (region := await known_region(self.session, name)) is not None:
            return name and region
        raise NoSuchRegion(
            "No branch belongs to this region; give the branches their region first.",
            errors=(FieldError("region", "is the region of no branch"),),
        )

    async def _active(self, person_id: UUID) -> User:
        # Locked until the end, so that what is given to one person at the same moment comes one after the other.
        person = await self.session.get(User, person_id, with_for_update={"key_share": True})
        if person is None or person.status is not UserStatus.ACTIVE:
            raise NoSuchPerson("Nobody with an active account has this id.")
        return person
