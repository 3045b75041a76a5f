"""Jobs, on real commits: asked for with a change, done soon, tried again, given back, and done once a tick."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job as Queued
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from structlog.testing import capture_logs
from structlog.typing import EventDict

from lc_workflow.app import HOUSE
from lc_workflow.platform import queue
from lc_workflow.platform.broadcast import LocalBroadcast
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.jobs import CHANNEL, Job, Workplace, ask_for
from lc_workflow.platform.queue import Backoff
from lc_workflow.platform.storage.local import LocalStore
from lc_workflow.platform.worker import Worker
from tests.conftest import settings_for
from tests.faults.wire import Break, wire_to
from tests.moments import NOON, PATIENCE

Sessions = async_sessionmaker[AsyncSession]
AtWork = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture(scope="module")
def database(copy_database: Callable[[], URL]) -> URL:
    return copy_database()


@pytest.fixture
async def pool(database: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE procrastinate_jobs, procrastinate_workers RESTART IDENTITY CASCADE"))
    yield engine
    await engine.dispose()


@pytest.fixture
def sessions(pool: AsyncEngine) -> Sessions:
    return async_sessionmaker(pool, expire_on_commit=False)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as logged:
        yield logged


@pytest.fixture
def at_work(sessions: Sessions, database: URL, tmp_path: Path) -> AtWork:
    """A worker with some jobs; it can be told to reach the database elsewhere."""

    @asynccontextmanager
    async def at_work(*jobs: Job, url: URL = database) -> AsyncIterator[None]:
        settings = settings_for(database)
        place = Workplace(
            sessions=sessions,
            clock=system_clock,
            store=LocalStore(tmp_path, secret=settings.secret_key, clock=system_clock),
            settings=settings,
            broadcast=LocalBroadcast(),
        )
        async with Worker(jobs, place, database=url).running():
            yield

    return at_work


class Hands:
    """Does what it is told and remembers it; stumbles as often as the test says."""

    def __init__(self, *, stumbles: int = 0) -> None:
        self.done: list[UUID | None] = []
        self.stumbles = stumbles
        self.changed = asyncio.Event()
        self.waits = asyncio.Event()
        self.waits.set()

    async def work(self, _: Workplace, thing_id: UUID | None = None) -> None:
        self.done.append(thing_id)
        self.changed.set()
        await self.waits.wait()
        if self.stumbles:
            self.stumbles -= 1
            raise ValueError(f"stumbled over {thing_id}")

    def job(self, **how: Any) -> Job:
        return Job(name="handle", work=self.work, **how)

    async def wait_for(self, count: int) -> list[UUID | None]:
        async with asyncio.timeout(PATIENCE):
            while len(self.done) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.done


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often for what is due, and rest in the past."""
    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(queue, "LONGEST_REST", timedelta(0))


async def statuses(sessions: Sessions, name: str = "handle") -> list[str]:
    async with sessions() as session:
        found = await session.scalars(
            text("SELECT status::text FROM procrastinate_jobs WHERE task_name = :name ORDER BY id"), {"name": name}
        )
        return list(found)


async def wait_until(sessions: Sessions, *expected: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while await statuses(sessions) != list(expected):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0.02)


async def test_a_job_is_asked_for_with_the_change_or_not_at_all(sessions: Sessions, hands: Hands) -> None:
    async with sessions() as session:
        await ask_for(session, hands.job())
        await session.rollback()
        await ask_for(session, hands.job())
        await session.commit()
    assert await statuses(sessions) == ["todo"]


async def test_a_job_is_done_as_soon_as_it_is_asked_for(
    sessions: Sessions, hands: Hands, at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LOOK_SECONDS", 2 * PATIENCE)
    job, thing = hands.job(), uuid4()
    async with at_work(job), sessions() as session:
        await ask_for(session, job)
        await session.commit()
        await hands.wait_for(1)
        await ask_for(session, job, thing_id=thing)
        await session.commit()
        assert await hands.wait_for(2) == [None, thing]  # an id again, though it waited as text
        await wait_until(sessions, "succeeded", "succeeded")


async def test_a_job_waits_for_its_moment(sessions: Sessions, hands: Hands, at_work: AtWork, impatient: None) -> None:
    job = hands.job()
    async with sessions() as session:
        await ask_for(session, job, at=datetime.now(UTC) + timedelta(hours=1))
        await ask_for(session, job, at=datetime.now(UTC) + timedelta(seconds=0.5))
        await session.commit()
    async with at_work(job):
        await wait_until(sessions, "todo", "succeeded")


async def test_of_jobs_with_one_lock_only_one_waits(sessions: Sessions, hands: Hands, at_work: AtWork) -> None:
    job = hands.job()

    async def ask() -> int:
        async with sessions() as session:
            number = await ask_for(session, job, queueing_lock="the same")
            await asyncio.sleep(0.1)
            await session.commit()
            return number

    assert len(set(await asyncio.gather(ask(), ask(), ask()))) == 1
    assert await statuses(sessions) == ["todo"]
    hands.waits.clear()
    async with at_work(job):
        await hands.wait_for(1)
        await ask()  # the first has begun and may not see what this one is about
        assert len(await statuses(sessions)) == 2  # whoever else is at work may have begun it by now
        hands.waits.set()
        await hands.wait_for(2)


async def test_a_waiting_job_does_not_begin_before_those_who_count_on_it_commit(
    sessions: Sessions, hands: Hands, at_work: AtWork, impatient: None
) -> None:
    job = hands.job()
    async with sessions() as first:
        await ask_for(first, job, queueing_lock="the same")
        await first.commit()
    async with sessions() as second:
        await ask_for(second, job, queueing_lock="the same")
        async with at_work(job):
            await asyncio.sleep(1)
            assert hands.done == []
            await second.commit()
            await hands.wait_for(1)


async def test_a_job_that_fails_is_tried_again_and_then_kept(
    sessions: Sessions, hands: Hands, at_work: AtWork, impatient: None, logged: list[EventDict]
) -> None:
    hands.stumbles = 3
    job, secret = hands.job(attempts=3), uuid4()
    async with at_work(job), sessions() as session:
        await ask_for(session, job, thing_id=secret, queueing_lock="the same")
        await session.commit()
        await wait_until(sessions, "failed")
    assert len(hands.done) == 3
    lines = [line for line in logged if line["event"] == "a job failed"]
    assert [(line["job"], line["attempt"], line["again"]) for line in lines] == [
        ("handle", 1, True),
        ("handle", 2, True),
        ("handle", 3, False),
    ]
    assert not any(str(secret) in str({**line, "exc_info": None}) for line in logged)


async def test_one_that_is_tried_again_does_not_stand_in_the_way_of_the_next(
    sessions: Sessions, hands: Hands, at_work: AtWork, impatient: None
) -> None:
    hands.stumbles = 1
    hands.waits.clear()
    job = hands.job()
    async with at_work(job), sessions() as session:
        await ask_for(session, job, queueing_lock="the same")
        await session.commit()
        await hands.wait_for(1)
        await ask_for(session, job, queueing_lock="the same")
        await session.commit()
        hands.waits.set()
        await wait_until(sessions, "succeeded", "succeeded")


async def test_the_jobs_of_a_killed_worker_are_done_again(sessions: Sessions, hands: Hands, at_work: AtWork) -> None:
    job = hands.job(attempts=2)
    async with sessions() as session:
        for attempts in (0, 1):
            await ask_for(session, job)
            await session.execute(
                text("UPDATE procrastinate_jobs SET status = 'doing', attempts = :attempts WHERE status = 'todo'"),
                {"attempts": attempts},
            )
        await session.execute(
            text(
                "WITH gone AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '40 s')"
                " RETURNING id) UPDATE procrastinate_jobs SET worker_id = gone.id FROM gone"
            )
        )
        await session.commit()
    async with at_work(job):
        await wait_until(sessions, "succeeded", "failed")
    assert len(hands.done) == 1


async def test_a_job_that_is_broken_off_by_the_end_of_its_worker_is_done_again(
    sessions: Sessions, hands: Hands, at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PATIENCE_SECONDS", 0.1)
    hands.waits.clear()
    job = hands.job(attempts=1)
    async with sessions() as session:
        await ask_for(session, job)
        await session.commit()
    async with at_work(job):
        await hands.wait_for(1)
    assert await statuses(sessions) == ["todo"]
    hands.waits.set()
    async with at_work(job):
        await wait_until(sessions, "succeeded")


async def test_what_recurs_is_done_once_a_tick_however_many_work(
    sessions: Sessions, hands: Hands, at_work: AtWork
) -> None:
    job = hands.job(every=f"0 {(system_clock() - timedelta(hours=2)).hour} * * *")  # no tick comes while this lasts
    async with at_work(job), at_work(job):
        await hands.wait_for(1)
    async with at_work(job):
        await asyncio.sleep(1)
    assert len(hands.done) == 1


async def test_a_worker_outlasts_the_database(sessions: Sessions, hands: Hands, at_work: AtWork, database: URL) -> None:
    job = hands.job()
    assert database.port
    async with wire_to(database.port) as wire:
        await wire.cut()
        async with at_work(job, url=database.set(port=wire.port)), sessions() as session:
            for count in (1, 2):
                await asyncio.sleep(0.5)
                await wire.mend()
                await ask_for(session, job)
                await session.commit()
                await hands.wait_for(count)
                await wait_until(sessions, *["succeeded"] * count)
                await wire.cut()


async def test_a_worker_that_ends_while_it_connects_leaves_no_connection_behind(
    sessions: Sessions, hands: Hands, at_work: AtWork
) -> None:
    async def connected() -> int:
        ask = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :we"
        )
        async with sessions() as session:
            return await session.scalar(ask, {"we": queue.WORKER}) or 0

    for milliseconds in range(0, 30, 2):
        async with at_work(hands.job()):
            await asyncio.sleep(milliseconds / 1000)
    async with asyncio.timeout(5):
        while await connected():  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0.02)


async def test_a_job_whose_end_could_not_be_put_down_is_left_to_others(
    sessions: Sessions, hands: Hands, at_work: AtWork, database: URL
) -> None:
    job = hands.job()
    assert database.port
    async with wire_to(database.port) as wire:
        wire.breaks = Break(b"procrastinate_finish_job_v1", 1, arrives=False)
        async with at_work(job, url=database.set(port=wire.port)), sessions() as session:
            await ask_for(session, job)
            await session.commit()
            await hands.wait_for(1)
            async with asyncio.timeout(PATIENCE):
                whose = text("SELECT worker_id FROM procrastinate_jobs WHERE task_name = 'handle'")
                while await session.scalar(whose):
                    await session.rollback()
                    await asyncio.sleep(0.05)
            await session.rollback()
            # Nobody's now, so that it is given back; and the worker works on.
            await ask_for(session, job)
            await session.commit()
            await hands.wait_for(2)


async def test_what_only_a_newer_version_knows_waits_for_it(sessions: Sessions, hands: Hands, at_work: AtWork) -> None:
    other = Hands()
    async with sessions() as session:
        await ask_for(session, hands.job())
        await ask_for(session, job := Job(name="other", work=other.work))
        await session.commit()
    async with at_work(job):
        await other.wait_for(1)
    assert await statuses(sessions) == ["todo"]


@pytest.mark.parametrize(("tried", "rests"), [(0, 4), (1, 16), (2, 64), (5, 3_600), (8, 3_600), (9, None)])
def test_the_rests_between_tries_grow(tried: int, rests: int | None) -> None:
    queued = Queued(queue="x", lock=None, queueing_lock=None, task_name="x", attempts=tried)
    decision = Backoff(10, lambda: NOON).get_retry_decision(exception=ValueError(), job=queued)
    assert (decision and decision.retry_at) == (rests and NOON + timedelta(seconds=rests))
    again = Backoff(1, lambda: NOON).get_retry_decision(exception=JobAborted(), job=queued)
    assert cast("Any", again).retry_at == NOON


def test_every_job_of_the_house_has_a_name_that_a_channel_can_carry() -> None:
    names = [job.name for job in HOUSE.jobs]
    assert len(names) == len(set(names))
    assert all(len(CHANNEL + name) < 64 for name in names)
