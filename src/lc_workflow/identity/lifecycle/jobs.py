"""The job that lets nobody in any more whose last day is over."""

from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import Row, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import AccountStatusMoved
from lc_workflow.identity.lifecycle.models import Offboarding
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from lc_workflow.identity.users.service import LastAdministrator, end_sessions, keep_an_administrator
from lc_workflow.kernel.dates import PHNOM_PENH, end_of
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.journal.models import JournalEntry

log = structlog.get_logger()


async def shut_leavers_out(place: Workplace) -> None:
    """Take the accounts out of use of those whose last day is over, each by itself."""
    now = place.clock()
    async with place.sessions() as session:
        leaving = await session.execute(
            select(Offboarding.user_id, Offboarding.last_day, Offboarding.initiated_at, Offboarding.reason)
            .where(Offboarding.completed_at.is_(None), Offboarding.last_day < now.astimezone(PHNOM_PENH).date())
            .order_by(Offboarding.user_id)
        )
        for one in leaving.all():
            try:
                await _shut_out(session, one, at=now)
            except LastAdministrator:
                await session.rollback()
                log.warning("the last administrator was to leave and stays", user=str(one.user_id))
            else:
                await session.commit()


async def _shut_out(
    session: AsyncSession, leaving: Row[UUID, date | None, datetime, str | None], *, at: datetime
) -> None:
    """End the working time of one person, unless somebody has decided about their account since."""
    user = await session.get_one(User, leaving.user_id, with_for_update=True)
    day = leaving.last_day
    if day is None or not user.is_active or day <= leaving.initiated_at.astimezone(PHNOM_PENH).date():
        return
    decided = exists().where(
        JournalEntry.subject == "user",
        JournalEntry.subject_id == user.id,
        JournalEntry.kind == AccountStatusMoved.__name__,
        JournalEntry.at >= end_of(day),
    )
    if await session.scalar(select(decided)):
        return
    source, user.status = user.status, UserStatus.INACTIVE
    user.status_reason, user.updated_at = leaving.reason, at
    await session.flush()
    await keep_an_administrator(session)
    await end_sessions(session, Session.user_id == user.id, at=at)
    moved = AccountStatusMoved(
        actor_id=None, at=at, user_id=user.id, source=source, target=user.status, reason=leaving.reason
    )
    session.add(JournalEntry.of(moved))


SHUT_LEAVERS_OUT = Job(name="shut_leavers_out", work=shut_leavers_out, every="5 17 * * *")
"""Five minutes after midnight in Phnom Penh."""
