"""The queue of jobs in the database, kept by procrastinate: how our jobs become its tasks."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException, JobAborted, UniqueViolation
from procrastinate.jobs import Job as Queued
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from lc_workflow.platform.clock import Clock
from lc_workflow.platform.jobs import Job, Workplace

WORKER: Final = "lc-workflow worker"
"""How the worker's connections call themselves in `pg_stat_activity`."""

AT_ONCE: Final = 4
"""How many jobs one process does side by side; they share the connections of the requests."""

OUTSIDE_AT_ONCE: Final = 16
"""How many further jobs may wait for other people's servers; they hold no connection meanwhile."""

LOOK_SECONDS: Final = 5.0
"""How often a worker looks for jobs that have become due; a job due at once wakes it."""

HEARTBEAT_SECONDS: Final = 10.0
STALLED_SECONDS: Final = 30.0
"""A worker silent for this long counts as dead, and its jobs are done again."""

PATIENCE_SECONDS: Final = 1.5
"""How long a worker that ends waits for its jobs before it interrupts them; they are done again later."""

LONGEST_REST: Final = timedelta(hours=1)
KEPT_HOURS: Final = 24
"""How long successful jobs are kept."""
FAILED_KEPT_HOURS: Final = 24 * 30
HOUSE: Final = "house"
"""The queue for procrastinate's own housekeeping."""

log = structlog.get_logger()

# Its log lines contain job arguments; our own lines say what people need to know of jobs.
for name in ("procrastinate", "psycopg.pool"):
    logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class Backoff(BaseRetryStrategy):
    """Growing rests between the tries of a job; a job interrupted because its worker ends is done again."""

    def __init__(self, attempts: int, clock: Clock) -> None:
        self._attempts = attempts
        self._clock = clock

    def get_retry_decision(self, *, exception: BaseException, job: Queued) -> RetryDecision | None:
        """Say when a job is tried again, or that it is not."""
        if isinstance(exception, JobAborted | asyncio.CancelledError):
            return RetryDecision(retry_at=self._clock())
        if job.attempts + 1 >= self._attempts:
            return None
        return RetryDecision(retry_at=self._clock() + min(timedelta(seconds=4 ** (job.attempts + 1)), LONGEST_REST))


class Endings(JobManager):
    """Records how jobs ended.

    If that cannot be recorded, the job would stay its worker's as long as the worker lives, and keep its lock. So the
    worker starts anew then: what a worker leaves behind is given back to the queue.
    """

    def __init__(self, connector: PsycopgConnector) -> None:
        super().__init__(connector)
        self.lost = asyncio.Event()

    async def finish_job(self, job: Queued, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - the library's
        """Record that a job is over."""
        await self._put_down(super().finish_job(job, status, delete_job))

    async def retry_job(
        self,
        job: Queued,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Record that a job is to be tried again."""
        await self._put_down(super().retry_job(job, retry_at, priority, queue, lock))

    async def _put_down(self, ending: Coroutine[Any, Any, None]) -> None:
        try:
            await ending
        except UniqueViolation:
            raise
        except ConnectorException as failure:
            log.warning("how a job ended could not be put down", cause=type(failure.__cause__ or failure).__name__)
            self.lost.set()


async def serve(jobs: Sequence[Job], workplace: Workplace, database: URL) -> None:
    """Do jobs until this is cancelled or the database is lost."""
    connector = PsycopgConnector(
        conninfo=_conninfo(database),
        min_size=1,
        max_size=AT_ONCE + 1,  # one for each of the two workers to listen on
        timeout=5,
        kwargs={"application_name": WORKER},
    )
    endings = Endings(connector)
    ours = _app(endings, inside := [job for job in jobs if not job.outside], workplace)
    _keep_in_order(ours, {job.name: job.attempts for job in jobs})
    outside = [job for job in jobs if job.outside]
    async with AsyncExitStack() as opened:
        # One that is told to end while it connects has not opened yet, and nobody would close what it has.
        opened.push_async_callback(connector.close_async)
        await opened.enter_async_context(ours.open_async())
        # Jobs of a newer release wait for it: each worker asks only for the kinds it knows.
        workers = [_run(ours, [HOUSE, *(job.name for job in inside)], at_once=AT_ONCE)]
        if outside:
            theirs = _app(endings, outside, workplace)
            workers.append(_run(theirs, [job.name for job in outside], at_once=OUTSIDE_AT_ONCE))
        await _until_one_ends(*workers, endings.lost.wait())


def _app(endings: Endings, jobs: Sequence[Job], workplace: Workplace) -> App:
    app = App(connector=endings.connector, periodic_defaults={"max_delay": timedelta(days=1).total_seconds()})
    app.job_manager = endings
    for job in jobs:
        _teach(app, job, workplace)
    return app


async def _run(app: App, queues: Sequence[str], *, at_once: int) -> None:
    await app.run_worker_async(
        queues=queues,
        concurrency=at_once,
        fetch_job_polling_interval=LOOK_SECONDS,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=PATIENCE_SECONDS,
        install_signal_handlers=False,
    )


async def _until_one_ends(*work: Coroutine[Any, Any, object]) -> None:
    """Run the workers side by side; when one ends, end the others too, so that all start anew together."""
    tasks = [asyncio.create_task(part) for part in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _conninfo(database: URL) -> str:
    """The database's address as libpq wants it, with a short timeout for networks that swallow packets."""
    mode = database.query.get("ssl")
    return make_conninfo(
        host=database.host,
        port=database.port,
        user=database.username,
        password=database.password,
        dbname=database.database,
        sslmode=None if mode is None else str(mode),
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=15_000,
    )


def _teach(app: App, job: Job, workplace: Workplace) -> None:
    """Register a job of ours as a task of procrastinate's."""

    async def work(context: JobContext, /, timestamp: int | None = None, **arguments: Any) -> None:
        queued = context.job
        attempt = queued.attempts + 1
        told = log.bind(job=job.name, number=queued.id, attempt=attempt)
        if queued.queueing_lock is not None:
            # A retried job must not block the one that was asked for meanwhile.
            await app.connector.execute_query_async(
                "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = %(number)s", number=queued.id
            )
        asked_by = await _who_asked(app, queued) if workplace.tracing.on else None
        with workplace.tracing.following(f"job {job.name}", asked_by=asked_by, job=queued.id, attempt=attempt):
            try:
                await job.do(workplace, arguments)
            except Exception:
                told.exception("a job failed", again=attempt < job.attempts)
                raise
            told.log(logging.INFO if timestamp is None else logging.DEBUG, "a job is done")

    task = app.task(name=job.name, queue=job.name, pass_context=True, retry=Backoff(job.attempts, workplace.clock))(
        work
    )
    if job.every is not None:
        app.periodic(cron=job.every, lock=job.name, queueing_lock=job.name)(task)


async def _who_asked(app: App, queued: Queued) -> str | None:
    row = await app.connector.execute_query_one_async(
        "SELECT traceparent FROM procrastinate_jobs WHERE id = %(number)s", number=queued.id
    )
    traceparent: str | None = row["traceparent"]
    return traceparent


def _keep_in_order(app: App, attempts: dict[str, int]) -> None:
    """Give the jobs of killed workers back to the queue, and delete what has been over for long."""
    manager = app.job_manager

    @app.periodic(cron="* * * * *", queueing_lock="give_back")
    @app.task(name="give_back", queue=HOUSE)
    async def give_back(timestamp: int) -> None:  # noqa: ARG001 - the library says which tick it is
        for queued in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            again = queued.attempts + 1 < attempts.get(queued.task_name, 2)
            log.warning("a job's worker was lost", job=queued.task_name, number=queued.id, again=again)
            try:
                if again:
                    await manager.retry_job(queued)
                    continue
            except UniqueViolation:
                pass  # another waits to do the same
            await manager.finish_job(queued, status=Status.FAILED, delete_job=False)

    @app.periodic(cron="7 * * * *", queueing_lock="tidy_up")
    @app.task(name="tidy_up", queue=HOUSE)
    async def tidy_up(timestamp: int) -> None:  # noqa: ARG001 - as above
        await manager.delete_old_jobs(KEPT_HOURS, include_cancelled=True)
        await manager.delete_old_jobs(FAILED_KEPT_HOURS, include_failed=True, include_aborted=True)
