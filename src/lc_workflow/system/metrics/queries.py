"""The figures that stand in the database: the queue of jobs, and what listeners have not heard yet."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.watching.metrics import note_jobs, note_outbox

_JOBS = text(
    "SELECT status::text, count(*) AS number FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing', 'failed') GROUP BY status"
)


async def take_stock(session: AsyncSession, *, at: datetime) -> None:
    """Note how the queue and the outbox stand."""
    jobs = await session.execute(_JOBS)
    note_jobs({row.status: row.number for row in jobs})
    untold, given_up, oldest = (
        await session.execute(
            select(
                func.count().filter(Untold.given_up_at.is_(None)),
                func.count(Untold.given_up_at),
                func.min(JournalEntry.at).filter(Untold.given_up_at.is_(None)),
            ).join(JournalEntry, JournalEntry.id == Untold.id)
        )
    ).one()
    lag = 0.0 if untold == 0 else (at - oldest).total_seconds()
    note_outbox(untold=untold, given_up=given_up, lag_seconds=max(lag, 0.0))
