"""The job that locks people out after their last day."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import AccountStatusMoved
from lc_workflow.identity.lifecycle.models import Offboarding
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from lc_workflow.identity.users.service import LastAdministrator, end_sessions, forget_waiting, keep_an_administrator
from lc_workflow.kernel.dates import end_of, local_day
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.journal.models import JournalEntry

log = structlog.get_logger()


async def shut_leavers_out(place: Workplace) -> None:
    """Deactivate the accounts of those whose last day is over, each in its own transaction."""
    now = place.clock()
    async with place.sessions() as session:
        over = (Offboarding.completed_at.is_(None), Offboarding.last_day < local_day(now))
        leaving = await session.scalars(select(Offboarding.user_id).where(*over).order_by(Offboarding.user_id))
        for user_id in leaving.all():
            try:
                await _shut_out(session, user_id, *over, at=now)
            except LastAdministrator:
                await session.rollback()
                log.warning("the last administrator was to leave and stays", user_id=str(user_id))
            else:
                await session.commit()


async def _shut_out(session: AsyncSession, user_id: UUID, *over: ColumnElement[bool], at: datetime) -> None:
    """Deactivate one account, unless somebody has decided about it meanwhile."""
    user = await session.get_one(User, user_id, with_for_update=True)
    # Read under the lock: until then the day could be moved, or the leaving cancelled.
    leaving = await session.scalar(select(Offboarding).where(Offboarding.user_id == user_id, *over))
    day = leaving and leaving.last_day
    if not leaving or not day or day <= local_day(leaving.initiated_at):
        return
    decided = exists().where(
        JournalEntry.subject == "user",
        JournalEntry.subject_id == user.id,
        JournalEntry.kind == AccountStatusMoved.__name__,
        JournalEntry.at >= end_of(day),
    )
    if await session.scalar(select(decided)):
        return
    await forget_waiting(session, user.id)
    if not user.is_active:
        return
    source, user.status = user.status, UserStatus.INACTIVE
    user.status_reason, user.updated_at = leaving.reason, at
    await keep_an_administrator(session)
    await end_sessions(session, Session.user_id == user.id, at=at)
    moved = AccountStatusMoved(
        actor_id=None, at=at, user_id=user.id, source=source, target=user.status, reason=leaving.reason
    )
    session.add(JournalEntry.of(moved))


SHUT_LEAVERS_OUT = Job(name="shut_leavers_out", work=shut_leavers_out, every="5 17 * * *")
"""Five minutes after midnight in Phnom Penh."""
