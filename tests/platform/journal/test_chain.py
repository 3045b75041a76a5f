"""Whoever edits history is seen, even with every right that a database knows."""

import asyncio
import time
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import URL, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from lc_workflow.kernel.dates import end_of
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.organization.branches.schemas import BranchChange, NewBranch
from lc_workflow.organization.branches.service import BranchService
from lc_workflow.organization.events import BranchOpened
from lc_workflow.platform.config import Settings
from lc_workflow.platform.journal.chain import Seals, Tampering, anchor, reseal, seals_of, unsealed_since, verify
from lc_workflow.platform.journal.models import JournalAnchor, JournalEntry
from tests.moments import NOON

Sessions = async_sessionmaker[AsyncSession]
SEALS = Seals("a key that the database does not know")
ADMIN = Principal(
    id=uuid4(),
    role="admin",
    session_id=uuid4(),
    grants=dict.fromkeys(("branch:read", "branch:create", "branch:update"), Scope.ALL),
)
TODAY = NOON.date()
TOMORROW = NOON + timedelta(days=1)


async def tell_of(sessions: Sessions, branch_id: UUID, code: str) -> None:
    async with sessions.begin() as session:
        session.add(JournalEntry.of(BranchOpened(actor_id=None, at=NOON, branch_id=branch_id, code=code)))


async def tamper(sessions: Sessions, statement: str, **values: object) -> None:
    """Do what only a superuser can."""
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        result = await session.execute(text(statement), values)
        assert getattr(result, "rowcount", 0), "the forger missed"


async def faults(sessions: Sessions, thread_id: UUID | None = None) -> set[Tampering]:
    async with sessions() as session:
        return {fault.tampering for fault in (await verify(session, SEALS, thread_id=thread_id)).faults}


async def anchored(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        assert await anchor(session, SEALS, day=TODAY, at=TOMORROW)


@pytest.fixture
async def branch_id(sessions: Sessions) -> UUID:
    """A branch about which five facts are on record, among five about another."""
    branch_id, other = uuid4(), uuid4()
    for code in "ABCDE":
        await tell_of(sessions, other, code)
        await tell_of(sessions, branch_id, code)
    return branch_id


async def test_a_journal_that_nobody_touched_is_intact(sessions: Sessions, branch_id: UUID) -> None:
    await anchored(sessions)
    async with sessions() as session:
        verdict = await verify(session, SEALS)
        mine = await verify(session, SEALS, thread_id=branch_id)
    assert (verdict.intact, verdict.entries, verdict.anchors) == (True, 10, 1)
    assert (mine.intact, mine.entries, mine.anchors) == (True, 5, 1)


@pytest.mark.parametrize(
    ("forgery", "found"),
    [
        ("UPDATE journal_entries SET facts = '{}' WHERE thread_id = :id AND position = 3", {Tampering.ALTERED}),
        ("UPDATE journal_entries SET actor_id = :id WHERE thread_id = :id AND position = 3", {Tampering.ALTERED}),
        (
            "UPDATE journal_entries SET at = at - interval '1 microsecond' WHERE thread_id = :id AND position = 1",
            {Tampering.ALTERED},
        ),
        (
            "UPDATE journal_entries SET changes = '[]' WHERE thread_id = :id AND position = 5",
            {Tampering.ALTERED},
        ),
        (
            "DELETE FROM journal_entries WHERE thread_id = :id AND position = 3",
            {Tampering.ALTERED, Tampering.MISSING, Tampering.CUT},
        ),
        ("DELETE FROM journal_entries WHERE thread_id = :id AND position = 5", {Tampering.CUT}),
        ("DELETE FROM journal_entries WHERE thread_id = :id", {Tampering.CUT}),
        ("DELETE FROM journal_threads WHERE id = :id", {Tampering.CUT}),
        (
            (
                "UPDATE journal_entries AS entry SET facts = other.facts FROM journal_entries AS other"
                " WHERE entry.thread_id = :id AND other.thread_id = :id"
                " AND entry.position IN (2, 4) AND other.position = 6 - entry.position"
            ),
            {Tampering.ALTERED},
        ),
    ],
)
async def test_whoever_edits_deletes_or_swaps_entries_is_seen(
    sessions: Sessions, branch_id: UUID, forgery: str, found: set[Tampering]
) -> None:
    await tamper(sessions, forgery, id=branch_id)
    assert await faults(sessions, branch_id) == found
    assert await faults(sessions) == found


async def test_a_journal_that_was_emptied_is_seen(sessions: Sessions, branch_id: UUID) -> None:
    async with sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("TRUNCATE journal_entries CASCADE"))
    assert await faults(sessions, branch_id) == await faults(sessions) == {Tampering.CUT}


async def test_whoever_cuts_a_thread_and_its_end_alike_is_seen_by_the_anchor(
    sessions: Sessions, branch_id: UUID
) -> None:
    await anchored(sessions)
    await tamper(sessions, "DELETE FROM journal_entries WHERE thread_id = :id AND position = 5", id=branch_id)
    last = "(SELECT hash FROM journal_entries WHERE thread_id = :id AND position = 4)"
    await tamper(sessions, f"UPDATE journal_threads SET length = 4, hash = {last} WHERE id = :id", id=branch_id)
    assert await faults(sessions, branch_id) == await faults(sessions) == {Tampering.ANCHOR}


async def test_an_anchor_cannot_be_made_without_our_key(sessions: Sessions, branch_id: UUID) -> None:
    async with sessions.begin() as session:
        await anchor(session, Seals("the forger's own key"), day=TODAY, at=TOMORROW)
    assert await faults(sessions) == {Tampering.ANCHOR}
    async with sessions() as session:
        changed = Seals("the newest key", previous=["the forger's own key"])
        assert (await verify(session, changed)).intact, "a key that was replaced is still known"


async def test_a_key_that_sealed_days_can_be_given_up_once_they_are_sealed_anew(
    sessions: Sessions, branch_id: UUID
) -> None:
    await anchored(sessions)
    changed = Seals("the newest key", previous=["a key that the database does not know"])
    async with sessions.begin() as session:
        assert await reseal(session, Seals("a stranger's key")) == (0, 1)
        assert await reseal(session, changed) == (1, 0)
    async with sessions.begin() as session:
        assert await reseal(session, changed) == (0, 0)
        assert (await verify(session, Seals("the newest key"))).intact
    assert await faults(sessions) == {Tampering.ANCHOR}, "the former key is nobody's any more"


async def test_each_day_is_anchored_once_and_holds_the_day_before(sessions: Sessions, branch_id: UUID) -> None:
    for days in (0, 0, 1, 2):
        async with sessions.begin() as session:
            day = TODAY + timedelta(days=days)
            await anchor(session, SEALS, day=day, at=end_of(day))
    async with sessions() as session:
        made = (await session.scalars(select(JournalAnchor).order_by(JournalAnchor.day))).all()
    assert [(row.threads, row.after == 0) for row in made] == [(2, True), (0, False), (0, False)]
    await tamper(sessions, "UPDATE journal_anchors SET threads = 1 WHERE day = :day", day=TODAY)
    assert await faults(sessions) == {Tampering.ANCHOR}


async def test_a_clock_that_was_ten_years_ahead_for_an_hour_leaves_no_day_unsealed_afterwards(
    sessions: Sessions, branch_id: UUID
) -> None:
    ahead, tomorrow = TODAY + timedelta(days=3_650), TODAY + timedelta(days=1)
    made = []
    for day, happens in ((ahead, 0), (TODAY, 0), (TODAY, 1), (TODAY, 1), (tomorrow, 0), (TODAY + timedelta(days=2), 0)):
        if happens:
            await tell_of(sessions, branch_id, "F")
        async with sessions.begin() as session:
            sealed = await anchor(session, SEALS, day=day, at=end_of(day))
        made.append(sealed and sealed.threads)
    assert made == [2, None, 1, None, 1, 0]
    assert await faults(sessions) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entries SET reason = 'another'",
        "DELETE FROM journal_entries",
        "TRUNCATE journal_entries CASCADE",
        "UPDATE journal_anchors SET threads = 0",
        "UPDATE journal_anchors SET seal = '', up_to = up_to - 1",
        "DELETE FROM journal_anchors",
    ],
)
async def test_the_database_itself_refuses_to_change_history(
    sessions: Sessions, branch_id: UUID, statement: str
) -> None:
    await anchored(sessions)
    async with sessions.begin() as session:
        with pytest.raises(DBAPIError, match="is history"):
            await session.execute(text(statement))
        await session.rollback()


async def test_ten_thousand_entries_are_read_in_two_seconds(sessions: Sessions) -> None:
    branch_id = uuid4()
    async with sessions.begin() as session:
        await session.execute(
            text(
                "INSERT INTO journal_entries (id, kind, subject, subject_id, at, facts)"
                " SELECT gen_random_uuid(), 'BranchOpened', 'branch', :id, now(), jsonb_build_object('n', n)"
                " FROM generate_series(1, 10000) AS n"
            ),
            {"id": branch_id},
        )
    await anchored(sessions)
    await tamper(sessions, "UPDATE journal_entries SET facts = '{}' WHERE position = 7777")
    began = time.process_time()  # our own work, which a busy machine does not prolong
    assert await faults(sessions, branch_id) == {Tampering.ALTERED}
    assert time.process_time() - began < 2


async def test_a_change_is_on_record_with_what_was_there_before_and_after(sessions: Sessions) -> None:
    async with sessions() as session:
        branches = BranchService(session)
        branch = await branches.open(
            NewBranch(name="Old", code="A", phone_number="012345678"), principal=ADMIN, at=NOON
        )
        change = BranchChange(name="New", phone_number="098765432")
        await branches.change(branch.id, change, principal=ADMIN, at=NOON)
        opened, changed = await session.scalars(select(JournalEntry).order_by(JournalEntry.number))
    assert opened.changes is None
    assert changed.changes == [
        {
            "of": "branches",
            "id": str(branch.id),
            "fields": {"name": ["Old", "New"], "phone_number": ["•••", "•••"]},
        }
    ]


async def test_what_broke_off_half_way_is_put_on_record_with_nothing_that_comes_after(sessions: Sessions) -> None:
    async with sessions() as session:
        branches = BranchService(session)
        branch = await branches.open(NewBranch(name="Old", code="A"), principal=ADMIN, at=NOON)
        branch_id = branch.id
        with suppress(DBAPIError):
            async with branches.transaction():
                branch.name = "Never"
                await session.flush()
                await session.execute(text("SELECT 1 / 0"))
        await branches.change(branch_id, BranchChange(code="B"), principal=ADMIN, at=NOON)
        told = await session.scalar(select(JournalEntry.changes).where(JournalEntry.kind == "BranchChanged"))
    assert told is not None
    assert [change["fields"] for change in told] == [{"code": ["A", "B"]}]


@pytest.mark.parametrize(
    "of_today",
    [
        Settings(database_url=URL.create("postgresql"), secret_key="new", previous_secret_keys=("old",)),
        Settings(database_url=URL.create("postgresql"), secret_key="new", encryption_keys=("old",)),
    ],
    ids=["signed with before", "sealed with"],
)
def test_the_seals_of_a_key_that_is_still_known_are_ours(of_today: Settings) -> None:
    seals = seals_of(of_today)
    assert seals.recognise(b"a digest", Seals("old").make(b"a digest"))
    assert not seals.recognise(b"a digest", Seals("another").make(b"a digest"))


async def test_facts_of_one_thread_are_numbered_in_the_order_of_their_commits(sessions: Sessions) -> None:
    """The second transaction begins to write before the first has committed, and waits at the thread."""
    branch_id = uuid4()

    async def write(code: str, wait: asyncio.Event, written: asyncio.Event) -> None:
        async with sessions.begin() as session:
            session.add(JournalEntry.of(BranchOpened(actor_id=None, at=NOON, branch_id=branch_id, code=code)))
            await session.flush()
            written.set()
            await wait.wait()

    go_on, first_wrote, second_wrote = asyncio.Event(), asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(write("first", go_on, first_wrote))
    await first_wrote.wait()
    second = asyncio.create_task(write("second", go_on, second_wrote))
    await asyncio.sleep(0.2)
    assert not second_wrote.is_set()
    go_on.set()
    await asyncio.gather(first, second)
    async with sessions() as session:
        rows = await session.execute(
            select(JournalEntry.facts["code"].astext, JournalEntry.position).order_by(JournalEntry.number)
        )
        assert [tuple(row) for row in rows] == [("first", 1), ("second", 2)]


async def waiting_since(sessions: Sessions, *, at: datetime) -> datetime | None:
    async with sessions() as session:
        return await unsealed_since(session, at=at)


async def test_what_no_day_has_sealed_yet_waits_since_it_was_written(sessions: Sessions, branch_id: UUID) -> None:
    assert await waiting_since(sessions, at=TOMORROW) == NOON
    await anchored(sessions)
    assert await waiting_since(sessions, at=TOMORROW) is None
    async with sessions.begin() as session:
        session.add(JournalEntry.of(BranchOpened(actor_id=None, at=TOMORROW, branch_id=branch_id, code="F")))
    assert await waiting_since(sessions, at=TOMORROW) == TOMORROW


async def test_what_is_written_down_late_waits_since_its_own_day_could_not_be_sealed(
    sessions: Sessions, branch_id: UUID
) -> None:
    await anchored(sessions)
    await tell_of(sessions, branch_id, "F")  # of a day that is sealed already
    assert await waiting_since(sessions, at=TOMORROW + timedelta(days=1)) == end_of(TODAY)
    assert await waiting_since(sessions, at=NOON) == NOON, "a clock that was ahead has sealed what is still to come"
