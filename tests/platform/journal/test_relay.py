"""The relay, on real commits."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import URL, NullPool, QueuePool, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from structlog.typing import EventDict

from lc_workflow.kernel.events import Event
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.branches.schemas import NewBranch
from lc_workflow.organization.branches.service import BranchService
from lc_workflow.organization.events import BranchClosed, BranchOpened
from lc_workflow.platform.broadcast import LocalBroadcast
from lc_workflow.platform.db.listening import LISTENER, Ear, Listening
from lc_workflow.platform.journal import relay as relay_module
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.journal.relay import CHANNEL, MOST_ATTEMPTS, Relay
from lc_workflow.platform.manifest import Hearing, Listener
from tests.moments import NOON, PATIENCE
from tests.organization.factories import a_branch

Sessions = async_sessionmaker[AsyncSession]
ADMIN = Principal(id=uuid4(), role="admin", session_id=uuid4())


class Ears:
    """Hears what it is told, and fails or waits when the test says so."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.failing: Callable[[BranchOpened], bool] = lambda _: False
        self.changed = asyncio.Event()

    async def __call__(self, event: BranchOpened, hearing: Hearing) -> None:
        self.heard.append(event.code)
        self.changed.set()
        hearing.session.add(a_branch(code=f"H-{event.code}"))
        hearing.send("general", {"code": event.code})
        if self.failing(event):
            raise ValueError("the listener stumbles")

    async def wait_for(self, count: int) -> list[str]:
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.heard


@pytest.fixture
def ears() -> Ears:
    return Ears()


def a_relay(
    sessions: Sessions,
    *listeners: Listener,
    broadcast: LocalBroadcast | None = None,
    now: datetime = NOON,
    kinds: Sequence[type[Event]] = (BranchOpened, BranchClosed),
) -> Relay:
    return Relay(
        sessions,
        kinds=kinds,
        listeners={BranchOpened: listeners},
        broadcast=broadcast or LocalBroadcast(),
        clock=lambda: now,
    )


async def open_branches(sessions: Sessions, *codes: str) -> None:
    async with sessions() as session:
        for code in codes:
            await BranchService(session).open(NewBranch(name=code, code=code), principal=ADMIN, at=NOON)


async def codes(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        return list(await session.scalars(select(Branch.code).order_by(Branch.code)))


async def untold(sessions: Sessions) -> list[tuple[str, int]]:
    async with sessions() as session:
        rows = await session.execute(
            select(JournalEntry.facts["code"].astext, Untold.attempts)
            .join(Untold, Untold.id == JournalEntry.id)
            .order_by(JournalEntry.number)
        )
        return [(code, attempts) for code, attempts in rows]


async def scalar(sessions: Sessions, statement: str, **values: object) -> Any:
    async with sessions() as session:
        return await session.scalar(text(statement), values)


async def listening_pids(sessions: Sessions) -> list[int]:
    async with sessions() as session:
        found = await session.scalars(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name"),
            {"name": LISTENER},
        )
        return list(found)


async def until(question: Callable[[], Any]) -> Any:
    async with asyncio.timeout(PATIENCE):
        while not (answer := await question()):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.02)
    return answer


async def test_a_fact_is_told_once_it_is_committed(sessions: Sessions, ears: Ears) -> None:
    await open_branches(sessions, "A", "B")
    relay = a_relay(sessions, ears)
    assert await relay.tell_all() == 2
    assert await relay.tell_all() == 0
    assert ears.heard == ["A", "B"]
    assert await codes(sessions) == ["A", "B", "H-A", "H-B"]
    assert await untold(sessions) == []


async def test_what_is_rolled_back_never_happened(sessions: Sessions, ears: Ears) -> None:
    async with sessions() as session:
        branches = BranchService(session)
        with suppress(ZeroDivisionError):
            async with branches.transaction():
                await branches.create(a_branch(code="A"))
                branches.announce(BranchOpened(actor_id=ADMIN.id, at=NOON, branch_id=uuid4(), code="A"))
                await session.flush()
                raise ZeroDivisionError
    assert await a_relay(sessions, ears).tell_all() == 0
    assert (ears.heard, await codes(sessions)) == ([], [])


async def test_a_fact_is_not_told_before_its_commit(sessions: Sessions, ears: Ears) -> None:
    relay = a_relay(sessions, ears)
    async with sessions() as session:
        branches = BranchService(session)
        async with branches.transaction():
            branches.announce(BranchOpened(actor_id=ADMIN.id, at=NOON, branch_id=uuid4(), code="A"))
            await session.flush()
            assert await relay.tell_all() == 0
    assert await relay.tell_all() == 1


async def test_live_messages_leave_after_the_telling_is_committed(sessions: Sessions, ears: Ears) -> None:
    seen: list[tuple[str, Mapping[str, Any], int]] = []

    class Witness(LocalBroadcast):
        async def publish_all(self, messages: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
            seen.extend([(*message, len(await untold(sessions))) for message in messages])

    await open_branches(sessions, "A", "B")
    await a_relay(sessions, ears, broadcast=Witness()).tell_all()
    assert seen == [("general", {"code": "A"}, 0), ("general", {"code": "B"}, 0)]


async def test_more_facts_than_one_batch_are_told_in_their_order(sessions: Sessions, ears: Ears) -> None:
    wanted = [f"B{number:03}" for number in range(250)]
    await open_branches(sessions, *wanted)
    assert await a_relay(sessions, ears).tell_all() == 250
    assert ears.heard == wanted


async def test_rows_that_people_work_on_are_free_before_the_next_fact_is_told(sessions: Sessions) -> None:
    free = []

    async def hold(_: BranchOpened, hearing: Hearing) -> None:
        wanted = select(Branch.id).where(Branch.code == "A")
        async with sessions() as working:
            free.append(await working.scalar(wanted.with_for_update(skip_locked=True)) is not None)
        hearing.commit_after_this()
        await hearing.session.execute(wanted.with_for_update())

    await open_branches(sessions, "A", "B", "C")
    assert await a_relay(sessions, hold).tell_all() == 3
    assert free == [True, True, True]


async def test_what_a_slow_listener_wrote_does_not_wait_for_the_facts_behind_it(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCH_SECONDS", 0.0)
    there = []

    async def write(event: BranchOpened, hearing: Hearing) -> None:
        there.append([code for code in await codes(sessions) if code.startswith("H-")])
        hearing.session.add(a_branch(code=f"H-{event.code}"))

    await open_branches(sessions, "A", "B", "C")
    assert await a_relay(sessions, write).tell_all() == 3
    assert there == [[], ["H-A"], ["H-A", "H-B"]]


async def test_a_stumbling_listener_undoes_only_its_own_fact(sessions: Sessions, ears: Ears) -> None:
    ears.failing = lambda event: event.code == "B"
    messages = LocalBroadcast()
    sent: list[object] = []
    messages.receive_with(lambda _, message: sent.append(message["code"]))
    await open_branches(sessions, "A", "B", "C")
    assert await a_relay(sessions, ears, broadcast=messages).tell_all() == 2
    assert await codes(sessions) == ["A", "B", "C", "H-A", "H-C"]
    assert sent == ["A", "C"]
    assert await untold(sessions) == [("B", 1)]


async def test_a_listener_that_breaks_the_database_rules_undoes_only_its_own_fact(sessions: Sessions) -> None:
    async def twin(event: BranchOpened, hearing: Hearing) -> None:
        hearing.session.add(a_branch(code=event.code if event.code == "B" else f"H-{event.code}"))

    await open_branches(sessions, "A", "B", "C")
    assert await a_relay(sessions, twin).tell_all() == 2
    assert await codes(sessions) == ["A", "B", "C", "H-A", "H-C"]
    assert await untold(sessions) == [("B", 1)]


async def test_a_fact_that_failed_rests_longer_each_time_and_is_given_up_in_the_end(
    sessions: Sessions, ears: Ears
) -> None:
    ears.failing = lambda _: True
    await open_branches(sessions, "A")
    tries = []
    for seconds in (0, 3, 4, 19, 20, 83, 84, 339, 340, 1_363, 1_364, 5_459, 5_460, 90_000):
        before = len(ears.heard)
        await a_relay(sessions, ears, now=NOON + timedelta(seconds=seconds)).tell_all()
        if len(ears.heard) > before:
            tries.append(seconds)
    assert tries == [0, 4, 20, 84, 340, 1_364]
    assert await untold(sessions) == [("A", MOST_ATTEMPTS)]


async def test_a_fact_that_failed_is_told_when_the_listener_has_recovered(sessions: Sessions, ears: Ears) -> None:
    ears.failing = lambda _: True
    await open_branches(sessions, "A")
    await a_relay(sessions, ears).tell_all()
    ears.failing = lambda _: False
    assert await a_relay(sessions, ears, now=NOON + timedelta(seconds=4)).tell_all() == 1
    assert await codes(sessions) == ["A", "H-A"]


async def test_a_hundred_failing_facts_do_not_hold_up_the_next(sessions: Sessions, ears: Ears) -> None:
    ears.failing = lambda event: event.code.startswith("BAD")
    await open_branches(sessions, *[f"BAD{number:03}" for number in range(120)], "GOOD")
    assert await a_relay(sessions, ears).tell_all() == 1
    assert await codes(sessions) == sorted([*(f"BAD{number:03}" for number in range(120)), "GOOD", "H-GOOD"])


async def test_a_fact_of_a_later_version_waits_for_a_relay_that_knows_it(sessions: Sessions, ears: Ears) -> None:
    await open_branches(sessions, "A")
    assert await a_relay(sessions, ears, kinds=[BranchClosed]).tell_all() == 0
    assert await a_relay(sessions, ears).tell_all() == 1


async def test_a_fact_that_nobody_can_read_holds_nothing_up(sessions: Sessions, ears: Ears) -> None:
    await open_branches(sessions, "A", "B")
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(
            update(JournalEntry).where(JournalEntry.facts["code"].astext == "A").values(facts={"code": 7})
        )
    assert await a_relay(sessions, ears).tell_all() == 1
    assert ears.heard == ["B"]


async def test_an_old_fact_rests_after_a_failure_as_well(sessions: Sessions, ears: Ears) -> None:
    ears.failing = lambda _: True
    await open_branches(sessions, "A", "B")
    for seconds in (0, 3, 4):
        assert await a_relay(sessions, ears, now=NOON + timedelta(days=1, seconds=seconds)).tell_all() == 0
    assert ears.heard == ["A", "B", "A", "B"]


async def test_facts_of_one_thread_wait_for_the_one_that_failed(sessions: Sessions, ears: Ears) -> None:
    """Two facts about one branch and one about another: the second of the one waits, the other overtakes."""
    one, other = uuid4(), uuid4()
    async with sessions.begin() as session:
        for branch_id, code in ((one, "A1"), (one, "A2"), (other, "B1")):
            session.add(JournalEntry.of(BranchOpened(actor_id=None, at=NOON, branch_id=branch_id, code=code)))
            await session.flush()
    ears.failing = lambda event: event.code == "A1"
    assert await a_relay(sessions, ears).tell_all() == 1
    assert await a_relay(sessions, ears).tell_all() == 0
    ears.failing = lambda _: False
    assert await a_relay(sessions, ears, now=NOON + timedelta(seconds=4)).tell_all() == 2
    assert ears.heard == ["A1", "B1", "A1", "A2"]


async def test_a_fact_that_was_given_up_holds_nobody_up(sessions: Sessions, ears: Ears) -> None:
    branch_id = uuid4()
    async with sessions.begin() as session:
        for code in ("A1", "A2"):
            session.add(JournalEntry.of(BranchOpened(actor_id=None, at=NOON, branch_id=branch_id, code=code)))
            await session.flush()
    ears.failing = lambda event: event.code == "A1"
    for seconds in (0, 4, 20, 84, 340, 1_364):
        await a_relay(sessions, ears, now=NOON + timedelta(seconds=seconds)).tell_all()
    assert ears.heard == ["A1"] * 6
    assert await a_relay(sessions, ears, now=NOON + timedelta(hours=1)).tell_all() == 1
    assert ears.heard[-1] == "A2"


async def test_a_connection_lost_while_telling_spoils_nothing(
    sessions: Sessions, ears: Ears, logged: list[EventDict]
) -> None:
    async def cut(event: BranchOpened, hearing: Hearing) -> None:
        if event.code == "B" and ears.heard.count("B") == 1:
            pid = await hearing.session.scalar(select(func.pg_backend_pid()))
            await scalar(sessions, "SELECT pg_terminate_backend(:pid)", pid=pid)
            await hearing.session.execute(text("SELECT 1"))

    await open_branches(sessions, "A", "B", "C")
    relay = a_relay(sessions, ears, cut)
    with pytest.raises(SQLAlchemyError):
        await relay.tell_all()
    assert await untold(sessions) == [("A", 0), ("B", 0), ("C", 0)]
    assert not [line for line in logged if line["event"] == "a listener failed"]
    assert await relay.tell_all() == 3
    assert await codes(sessions) == ["A", "B", "C", "H-A", "H-B", "H-C"]


async def test_what_a_killed_process_was_telling_is_told_by_the_next(
    sessions: Sessions, database: URL, ears: Ears
) -> None:
    await open_branches(sessions, "A", "B")
    script = """
import asyncio, os, signal, sys
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from tests.platform.journal.test_relay import a_branch, a_relay

async def die(event, hearing):
    hearing.session.add(a_branch(code="H-" + event.code))
    await hearing.session.flush()
    if event.code == "B":
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(a_relay(async_sessionmaker(create_async_engine(sys.argv[1])), die).tell_all())
"""
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script, database.render_as_string(hide_password=False)],
        env={"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert await codes(sessions) == ["A", "B"]
    # PostgreSQL notices within moments that the process is gone, and lets go of its lock.
    await until(lambda: a_relay(sessions, ears).tell_all())
    assert ears.heard == ["A", "B"]


@asynccontextmanager
async def another_process(database: URL, *listeners: Listener) -> AsyncIterator[Relay]:
    """A relay with a pool of its own, as a second process has it."""
    engine = create_async_engine(database)
    relay = a_relay(async_sessionmaker(engine, expire_on_commit=False), *listeners)
    async with working(relay, engine):
        yield relay
    await engine.dispose()


@asynccontextmanager
async def working(relay: Relay, engine: AsyncEngine) -> AsyncIterator[None]:
    """A relay that the database wakes."""
    async with relay.running(), Listening({CHANNEL: Ear(relay.wake)}).running(engine):
        yield


async def test_two_relays_tell_each_fact_once_and_in_order(sessions: Sessions, database: URL) -> None:
    first, second, order = Ears(), Ears(), list[str]()

    async def note(event: BranchOpened, _: Hearing) -> None:
        order.append(event.code)

    wanted = [f"B{number:03}" for number in range(200)]
    async with another_process(database, first, note), another_process(database, second, note):
        await open_branches(sessions, *wanted[:100])
        await asyncio.gather(*(open_branches(sessions, code) for code in wanted[100:]))
        await until(lambda: all_told(sessions))
    assert sorted(first.heard + second.heard) == wanted
    assert order[:100] == wanted[:100]
    assert sorted(order) == wanted


async def all_told(sessions: Sessions) -> bool:
    return not await untold(sessions)


async def test_only_one_relay_tells_at_a_time(sessions: Sessions) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slow(event: BranchOpened, _: Hearing) -> None:
        inside.set()
        await go_on.wait()

    await open_branches(sessions, "A")
    telling = asyncio.create_task(a_relay(sessions, slow).tell_all())
    await inside.wait()
    assert await a_relay(sessions, slow).tell_all() == 0
    go_on.set()
    assert await telling == 1


async def test_a_commit_wakes_the_relay(
    sessions: Sessions, database: URL, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "LONGEST_SLEEP", 3_600.0)
    async with another_process(database, ears):
        for count in range(1, 4):
            await open_branches(sessions, f"B{count}")
            await ears.wait_for(count)


async def test_a_resting_relay_holds_no_connection_of_the_pool(
    sessions: Sessions, pool: AsyncEngine, ears: Ears
) -> None:
    async with working(a_relay(sessions, ears), pool):
        await open_branches(sessions, "A")
        await ears.wait_for(1)
        await until(lambda: all_told(sessions))
        assert len(await until(lambda: listening_pids(sessions))) == 1
        await asyncio.sleep(0.1)
        assert isinstance(pool.pool, QueuePool)
        assert pool.pool.checkedout() == 0


async def test_a_relay_opens_its_channel_again_when_it_is_cut(
    sessions: Sessions, database: URL, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "LONGEST_SLEEP", 3_600.0)
    async with another_process(database, ears):
        await open_branches(sessions, "A")
        await ears.wait_for(1)
        pids = await until(lambda: listening_pids(sessions))
        for pid in pids:
            await scalar(sessions, "SELECT pg_terminate_backend(:pid)", pid=pid)
        await open_branches(sessions, "B")
        assert await ears.wait_for(2) == ["A", "B"]
        assert await until(lambda: listening_pids(sessions)) != pids
        await open_branches(sessions, "C")
        assert await ears.wait_for(3) == ["A", "B", "C"]


async def test_a_relay_outlives_all_its_connections(
    sessions: Sessions, database: URL, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "LONGEST_SLEEP", 0.1)
    async with another_process(database, ears):
        for count in range(1, 3):
            async with sessions() as session:
                await session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            await open_branches(sessions, f"B{count}")
            await until(lambda: all_told(sessions))
    assert await codes(sessions) == ["B1", "B2", "H-B1", "H-B2"]


async def test_a_relay_says_once_and_in_a_sentence_that_its_database_is_gone(
    sessions: Sessions, server: URL, logged: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rest(*_: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(relay_module, "at_most", rest)
    gone = async_sessionmaker(create_async_engine(server.set(port=1), poolclass=NullPool))
    tries = 0

    def tried() -> AsyncSession:
        nonlocal tries
        tries += 1
        return gone()

    async def cut(event: BranchOpened, hearing: Hearing) -> None:
        pid = await hearing.session.scalar(select(func.pg_backend_pid()))
        await scalar(sessions, "SELECT pg_terminate_backend(:pid)", pid=pid)
        await hearing.session.execute(text("SELECT 1"))

    await open_branches(sessions, "A")
    broken = [a_relay(tried), a_relay(sessions, cut)]  # type: ignore[arg-type]  # it asks for no more than a session
    for relay in broken:
        async with relay.running():
            await until(lambda: said(logged))
        lines, logged[:] = logged[:], []
        assert [line["event"] for line in lines] == ["the relay cannot tell while the database is gone"]
        assert "exc_info" not in lines[0]
        assert lines[0]["cause"]
    assert tries > 1


async def test_a_relay_that_fails_for_another_reason_says_where(
    sessions: Sessions, logged: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistaken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    relay = a_relay(sessions)
    monkeypatch.setattr(relay, "tell_all", mistaken)
    async with relay.running():
        await until(lambda: said(logged))
    assert [line["event"] for line in logged] == ["the relay cannot tell; it keeps trying"]
    assert logged[0]["exc_info"]


async def said(logged: list[EventDict]) -> bool:
    return bool(logged)


async def test_a_relay_that_is_stopped_in_the_middle_leaves_nothing_behind(
    sessions: Sessions, database: URL, ears: Ears
) -> None:
    for count in range(20):
        await open_branches(sessions, *(f"B{count}-{number}" for number in range(3)))
        async with another_process(database, ears):
            await asyncio.sleep(count / 400)
    async with another_process(database, ears):
        await until(lambda: all_told(sessions))
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    await until(lambda: nobody(sessions, others))
    assert len([code for code in await codes(sessions) if code.startswith("H-")]) == 60


async def test_a_relay_that_ends_does_not_wait_for_ever_for_a_listener(
    sessions: Sessions, database: URL, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "ENDING_SECONDS", 0.1)
    inside = asyncio.Event()

    async def hang(event: BranchOpened, hearing: Hearing) -> None:
        hearing.session.add(a_branch(code=f"H-{event.code}"))
        await hearing.session.flush()
        inside.set()
        await asyncio.sleep(3_600)

    await open_branches(sessions, "A")
    async with another_process(database, hang):
        await inside.wait()
    assert await a_relay(sessions, ears).tell_all() == 1
    assert await codes(sessions) == ["A", "H-A"]


async def nobody(sessions: Sessions, statement: str) -> bool:
    return bool(await scalar(sessions, statement) == 0)


async def test_an_error_in_the_house_is_not_hidden_by_the_relay(sessions: Sessions, pool: AsyncEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        async with working(a_relay(sessions), pool):
            raise ZeroDivisionError


def test_a_journal_entry_gives_its_fact_back() -> None:
    event = BranchOpened(actor_id=None, at=NOON, branch_id=UUID(int=1), code="ភ្នំពេញ")
    assert msgspec.convert(JournalEntry.of(event).facts, BranchOpened) == event
