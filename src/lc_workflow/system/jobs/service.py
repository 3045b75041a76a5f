"""Looking at the queue, and giving a failed job back to it."""

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.jobs import CHANNEL
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.system.events import JobRetried
from lc_workflow.system.jobs.schemas import JobAnswer, JobStatus

LARGEST: Final = 2**63 - 1
"""The largest number the queue can give."""

_FOUND: Final = """
SELECT id, task_name AS name, status::text AS status, attempts, scheduled_at AS due_at,
  (SELECT min(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'deferred') AS asked_at,
  (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id AND type <> 'scheduled') AS changed_at
FROM procrastinate_jobs AS job
"""

_PAGE: Final = text(
    _FOUND
    + """
    WHERE CAST(:status AS text) IS NULL OR status = CAST(:status AS procrastinate_job_status)
    ORDER BY id DESC LIMIT :size OFFSET :offset
    """
)
_COUNT: Final = text(
    """
    SELECT count(*) FROM procrastinate_jobs
    WHERE CAST(:status AS text) IS NULL OR status = CAST(:status AS procrastinate_job_status)
    """
)
_LOCK: Final = text("SELECT task_name, status::text AS status FROM procrastinate_jobs WHERE id = :number FOR UPDATE")
_RETRY: Final = text("SELECT procrastinate_retry_job_v2(:number, now(), NULL, NULL, NULL)")
_WAKE: Final = text(
    "SELECT pg_notify(:channel, json_build_object('type', 'job_inserted', 'job_id', CAST(:number AS bigint))::text)"
)


class NotFailed(Invalid):
    """Only a job that has failed for good is tried again by hand."""


class JobQueue:
    """The jobs that wait, run, and are over."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, window: Window, *, status: JobStatus | None) -> tuple[list[JobAnswer], int]:
        """List jobs, the newest first, with how many there are in all."""
        asked = {"status": status and status.value}
        rows = await self._session.execute(_PAGE, {**asked, "size": window.size, "offset": window.offset})
        total = await self._session.scalar(_COUNT, asked)
        return [_shown(row) for row in rows.mappings()], total or 0

    async def retry(self, number: int, *, principal: Principal, at: datetime) -> JobAnswer:
        """Give a failed job back to the queue, for one more try.

        Raises:
            Missing: There is no such job.
            NotFailed: It has not failed.
        """
        known = 0 < number <= LARGEST
        found = (await self._session.execute(_LOCK, {"number": number})).one_or_none() if known else None
        if found is None:
            raise Missing("There is no such job; those that are over are removed after a while.")
        if found.status != JobStatus.FAILED:
            raise NotFailed(f"This job is {found.status}; only a failed one is tried again.")
        await self._session.execute(_RETRY, {"number": number})
        await self._session.execute(_WAKE, {"channel": CHANNEL + found.task_name, "number": number})
        self._session.add(
            JournalEntry.of(
                JobRetried(actor_id=principal.id, at=at, job_id=id_of(number), number=number, name=found.task_name)
            )
        )
        shown = (await self._session.execute(text(f"{_FOUND} WHERE id = :number"), {"number": number})).mappings().one()
        await self._session.commit()
        return _shown(shown)


def id_of(number: int) -> UUID:
    """A lasting id for a job in the journal; the queue numbers its jobs."""
    return uuid5(NAMESPACE_URL, f"lc-workflow:job:{number}")


def _shown(row: RowMapping) -> JobAnswer:
    return JobAnswer(**{**row, "status": JobStatus(row["status"])})
