"""Giving authority, and ending it."""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.authorities.access import visible_to
from lc_workflow.lending.authorities.models import Authority
from lc_workflow.lending.authorities.schemas import NewAuthority, stored_limits
from lc_workflow.lending.authorities.service.people import active_person, check_acts, sees
from lc_workflow.lending.events import AuthorityEnded, AuthorityGiven
from lc_workflow.lending.ports import Offices
from lc_workflow.lending.rules.authority import NotToOneself, check_reach
from lc_workflow.organization.branches.queries import known_region
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.service import Service

Named: TypeAlias = tuple[Authority, str, bool]
"""An authority, the name of its holder, and whether their account is active: without one it lets nobody decide."""


class NoSuchOffice(Invalid):
    """No role in use and no approval matrix has this name: the authority would let nobody decide anything."""


class AuthorityHeld(Invalid):
    """The person holds the role there already; with two limits, the higher one would keep counting."""


class NoSuchRegion(Invalid):
    """No branch belongs to the region: authority over it would reach nothing, and nobody would notice."""


class HolderSeesNothing(Invalid):
    """Whoever gets authority over a branch or a region must be able to see applications there."""


class AuthorityService(Service[Authority]):
    """Who holds which role where."""

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
            OnlyReads: They could not decide with it.
        """
        check_reach(wish.reach, branch_id=wish.branch_id, region=wish.region)
        if wish.person_id == principal.id:
            raise NotToOneself("Nobody gives themselves authority; ask a colleague who may.")
        async with self.transaction():
            person = await active_person(self.session, wish.person_id)
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
            if not await sees(self.session, person, [authority], at=at):
                raise HolderSeesNothing(
                    f"{person.first_name} {person.last_name} does not see the applications of this {wish.reach}; choose"
                    " somebody who does, or let an administrator widen what they may read first.",
                    errors=(FieldError("person_id", "does not see these applications"),),
                )
            await check_acts(self.session, person, field="person_id", at=at)
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

    async def _region(self, name: str | None) -> str | None:
        if name is None or (region := await known_region(self.session, name)) is not None:
            return name and region
        raise NoSuchRegion(
            "No branch belongs to this region; give the branches their region first.",
            errors=(FieldError("region", "is the region of no branch"),),
        )
