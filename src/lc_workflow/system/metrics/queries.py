"""The figures from the database: the queue of jobs, untold facts, unsealed entries."""

import asyncio
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.journal.chain import unsealed_since
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.watching.metrics import note_jobs, note_journal, note_outbox

_JOBS = text(
    "SELECT status::text, count(*) AS number FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing', 'failed') GROUP BY status"
)
_WORKERS = text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'")
"""Those that jobs are left with: `platform.queue` takes one that was silent for longer for dead."""

PATIENCE_SECONDS: Final = 2.0
"""How long the database may take: a monitor also asks while it is in trouble, and gives up after ten seconds."""

log = structlog.stdlib.get_logger()


async def take_stock(session: AsyncSession, *, at: datetime) -> None:
    """Update the figures of queue, outbox and journal; while the database does not answer, they stay."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _take_stock(session, at=at)
    except (SQLAlchemyError, OSError) as silence:  # which a timeout is as well
        log.warning("the figures of the database are old", cause=type(silence).__name__)


async def _take_stock(session: AsyncSession, *, at: datetime) -> None:
    jobs = await session.execute(_JOBS)
    workers = await session.scalar(_WORKERS)
    note_jobs({row.status: row.number for row in jobs}, workers=workers or 0)
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
    since = await unsealed_since(session, at=at)
    note_journal(unsealed_seconds=max((at - since).total_seconds(), 0.0) if since else 0.0)
