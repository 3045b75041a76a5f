"""Work that does not wait for anybody: what a job is, what it is given, and how a verb asks for one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_type_hints

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.broadcast import Broadcast
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.exact_json import write_json
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.watching.tracing import NO_TRACING, TRACEPARENT, Tracing

PREFIX: Final = "procrastinate_"
"""The prefix of procrastinate's tables and functions, which migrations create and our models leave out."""

CHANNEL: Final = "procrastinate_queue_v1#"
"""The NOTIFY channel that workers listen on, without the kind of job that ends its name."""

ONE_WAITS: Final = "procrastinate_jobs_queueing_lock_idx_v1"
"""The index that lets only one job wait for each queueing lock."""

MOST_TRIES: Final = 5
"""How often to try again when others queue and begin the same job at the same moment."""

_WAITING: Final = text(
    """
    SELECT queueing_lock, id FROM procrastinate_jobs
    WHERE queueing_lock = ANY(CAST(:locks AS text[])) AND status = 'todo' FOR SHARE
    """
)
_UNDER_WAY: Final = text(
    """
    SELECT EXISTS (SELECT FROM procrastinate_jobs
    WHERE task_name = :name AND status IN ('todo', 'doing') AND args @> CAST(:arguments AS jsonb))
    """
)
_PUT: Final = text(
    """
    SELECT unnest(procrastinate_defer_jobs_v1(ARRAY(
      SELECT ROW(
        CAST(:name AS varchar), CAST(:name AS varchar), 0, NULL, wish.lock,
        CAST(wish.arguments AS jsonb), CAST(:at AS timestamptz)
      )::procrastinate_job_to_defer_v1
      FROM unnest(CAST(:locks AS text[]), CAST(:arguments AS text[])) AS wish (lock, arguments)
    )))
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a job finds: sessions to open, the clock, the store, the settings, the live channel, and tracing."""

    sessions: Callable[[], AsyncSession]
    clock: Clock
    store: ObjectStore
    settings: Settings
    broadcast: Broadcast
    tracing: Tracing = NO_TRACING


_NOTE_WHO_ASKED: Final = text("UPDATE procrastinate_jobs SET traceparent = :traceparent WHERE id = ANY(:numbers)")
"""A column of ours on the library's table: as a job argument it would break the release before."""

Work = Callable[..., Awaitable[None]]
"""`async work(workplace, **arguments)`. A process may die in the middle of it, so doing it twice must do no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that one of the processes does in the background.

    `every` is a cron expression in UTC for recurring work: one process does it once a tick, and the last tick is made
    up for when no process was running. `attempts` is how often it is tried altogether, with growing rests between (4
    seconds, 16, 64 …, at most an hour); then it is kept as failed until somebody retries it. `outside` says that it
    waits for somebody else's server: such jobs have their own places, so that a slow server keeps none of ours waiting.
    """

    name: str
    work: Work
    every: str | None = None
    attempts: int = 5
    outside: bool = False

    async def do(self, workplace: Workplace, arguments: dict[str, Any]) -> None:
        """Do the work; the arguments, stored as JSON, are converted to what its signature says."""
        kinds = get_type_hints(self.work)
        await self.work(
            workplace, **{name: msgspec.convert(value, kinds.get(name, Any)) for name, value in arguments.items()}
        )


async def ask_for(
    session: AsyncSession,
    job: Job,
    /,
    *,
    queueing_lock: str | None = None,
    at: datetime | None = None,
    **arguments: Any,
) -> int:
    """Put a job in the queue, inside the running transaction, so that it exists exactly when the change is committed.

    Of jobs with one `queueing_lock` only one waits: asking for another gives the waiting one, which begins after this
    transaction. `at` is the moment before which it does not begin. Returns the job's number. Give ids, not people's
    data: arguments stay in the queue until the job is removed.
    """
    if queueing_lock is None:
        return (await _put(session, job, [(None, arguments)], at=at))[0]
    return (await ask_for_each(session, job, {queueing_lock: arguments}, at=at))[queueing_lock]


async def ask_for_each(
    session: AsyncSession, job: Job, wishes: Mapping[str, Mapping[str, Any]], /, *, at: datetime | None = None
) -> dict[str, int]:
    """Ask for several jobs of a kind in as few statements as for one: the arguments of each by its `queueing_lock`.

    Otherwise as `ask_for`; returns the numbers by the locks.
    """
    tries = 0
    while True:
        # Whoever holds the waiting jobs keeps workers from them, so that they see what is committed here.
        waiting: dict[str, int] = dict((await session.execute(_WAITING, {"locks": [*wishes]})).all())
        lacking = [(lock, arguments) for lock, arguments in wishes.items() if lock not in waiting]
        if not lacking:
            return waiting
        tries += 1
        try:
            async with session.begin_nested():
                numbers = await _put(session, job, lacking, at=at)
        except IntegrityError as refused:
            if tries > MOST_TRIES or ONE_WAITS not in str(refused.orig):
                raise
        else:
            return waiting | dict(zip((lock for lock, _ in lacking), numbers, strict=True))


async def is_under_way(session: AsyncSession, job: Job, /, **arguments: Any) -> bool:
    """Whether such a job is queued, resting between two tries or being done: it will happen without asking again."""
    under_way: bool = await session.scalar(_UNDER_WAY, {"name": job.name, "arguments": write_json(arguments)}) or False
    return under_way


async def _put(
    session: AsyncSession, job: Job, wishes: Sequence[tuple[str | None, Mapping[str, Any]]], *, at: datetime | None
) -> Sequence[int]:
    locks, arguments = [lock for lock, _ in wishes], [write_json(arguments) for _, arguments in wishes]
    numbers = (await session.scalars(_PUT, {"name": job.name, "locks": locks, "arguments": arguments, "at": at})).all()
    if (here := TRACEPARENT.get()) is not None:
        await session.execute(_NOTE_WHO_ASKED, {"numbers": [*numbers], "traceparent": here})
    return numbers
