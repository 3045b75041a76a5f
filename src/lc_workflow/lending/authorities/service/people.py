"""Who may be given authority, or stand in: people with an active account who see and work on what they would decide."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.service import holds
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Scope
from lc_workflow.lending.authorities.models import Authority
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.lending.rules.authority import Holding
from lc_workflow.lending.rules.stages import APPROVE, PROCESS, UPDATE
from lc_workflow.organization.branches.models import Branch

READ_APPLICATIONS: Final = "application:read"
"""The permission without which nobody decides anything."""

ACTING: Final = (APPROVE, PROCESS, UPDATE)
"""The permissions of which one, however far it reaches, opens the doors through which loans are decided."""


class NoSuchPerson(Invalid):
    """Nobody with an active account has this id."""


class OnlyReads(Invalid):
    """Whoever only reads applications decides none, whatever authority they are given."""


async def active_person(session: AsyncSession, person_id: UUID) -> User:
    """Load somebody with an active account.

    They are locked until the end, so that what is given to one person at the same moment comes one after the other.

    Raises:
        NoSuchPerson: They are nobody, or their account is not active.
    """
    person = await session.get(User, person_id, with_for_update={"key_share": True})
    if person is None or person.status is not UserStatus.ACTIVE:
        raise NoSuchPerson("Nobody with an active account has this id.")
    return person


async def check_acts(session: AsyncSession, person: User, *, field: str, at: datetime) -> None:
    """Refuse somebody whose role lets them only read: their authority would be counted, and never used.

    Raises:
        OnlyReads: They do not work on applications; `field` named them.
    """
    acts = or_(*(holds(User.id, User.role, permission, scope, at=at) for permission in ACTING for scope in Scope))
    if not await session.scalar(select(exists().where(User.id == person.id, acts))):
        raise OnlyReads(
            f"{person.first_name} {person.last_name} only reads applications, and could not decide; choose somebody"
            " else, or give them a role that works on applications first.",
            errors=(FieldError(field, "only reads applications"),),
        )


async def sees(session: AsyncSession, person: User, held: Iterable[Holding | Authority], *, at: datetime) -> bool:
    """Whether somebody can read applications where one of these holdings reaches."""
    own = await session.get(Branch, person.branch_id) if person.branch_id else None
    here = any(
        one.reach is Reach.ORGANISATION
        or (own is not None and (one.branch_id == own.id if one.reach is Reach.BRANCH else one.region == own.region))
        for one in held
    )
    near = (Scope.TEAM, Scope.DEPARTMENT, Scope.BRANCH) if here else ()
    sees = or_(*(holds(User.id, User.role, READ_APPLICATIONS, scope, at=at) for scope in (Scope.ALL, *near)))
    return bool(await session.scalar(select(exists().where(User.id == person.id, sees))))
