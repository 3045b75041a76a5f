"""Which accounts rank above others, and who administers."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, UserRole
from lc_workflow.identity.roles.service import held_by
from lc_workflow.identity.rules.roles import Role, RoleAboveOwn
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.service.refusals import LastAdministrator
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.db.locks import Lock, take


async def standing_above(
    session: AsyncSession, user_ids: Collection[UUID], *, principal: Principal, at: datetime
) -> set[UUID]:
    """Which of some accounts hold a role above the person's own."""
    above = select(CompanyRole.id).where(held_by(User.id, User.role, at=at), CompanyRole.level > principal.level)
    rows = await session.scalars(select(User.id).where(User.id.in_(list(user_ids)), exists(above)))
    return set(rows)


async def check_rank_over(session: AsyncSession, user: User, *, principal: Principal, at: datetime) -> None:
    """Refuse to act on an account that ranks above the person's own.

    Raises:
        RoleAboveOwn: The account stands higher.
    """
    if await standing_above(session, [user.id], principal=principal, at=at):
        raise RoleAboveOwn("This account stands above your own; somebody higher must do this.")


async def keep_an_administrator(session: AsyncSession) -> None:
    """Make sure that, after this transaction, somebody still administers without an end.

    The lock makes two who leave at the same moment come one after the other.

    Raises:
        LastAdministrator: Nobody would.
    """
    await take(session, Lock.LOSE_AN_ADMINISTRATOR)
    further = (
        select(UserRole.user_id)
        .join(CompanyRole, CompanyRole.id == UserRole.role_id)
        .where(CompanyRole.name == Role.ADMIN, UserRole.until.is_(None))
    )
    administers = or_(User.role == Role.ADMIN, User.id.in_(further))
    if not await session.scalar(select(exists().where(User.status == UserStatus.ACTIVE, administers))):
        raise LastAdministrator("This is the last active administrator; make somebody else one first.")
