"""Tells listeners what the journal holds: after the commit, at least once, in order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import ARRAY, DateTime, Select, String, any_, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.kernel.events import Event
from lc_workflow.platform.broadcast import Broadcast
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.manifest import Listener
from lc_workflow.platform.watching.tracing import NO_TRACING, Tracing

CHANNEL = "journal"
"""The NOTIFY channel that the trigger on `journal_entries` wakes relays on."""

LISTENER = "lc-workflow relay"
"""How the connection that listens calls itself in `pg_stat_activity`."""

RELAY_LOCK = 0x1C_0A
"""The advisory lock that makes one relay tell at a time, so that facts stay in order."""

MOST_ATTEMPTS = 6
BATCH = 100
LONGEST_SLEEP = 30.0
"""Seconds after which a relay looks by itself: for what is due again, and for a wake-up that got lost."""

ENDING_SECONDS = 2.0
"""How long a relay that ends may take for the facts it is just telling."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Hearing:
    event_id: UUID
    session: AsyncSession
    messages: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def send(self, pattern: str, message: Mapping[str, Any]) -> None:
        self.messages.append((pattern, message))


class Relay:
    """Reads untold entries and tells them; one runs in each process, one of them tells at a time.

    Facts of one thread (one application, or one other subject) are told in the order of their commits: the database
    numbers them under the thread's lock, and those behind a fact that failed wait for it. Facts of other threads
    overtake it. A fact that failed rests 4 seconds, then 16, 64 …, and is given up after the sixth try: then it waits
    in the outbox to be replayed by hand, and holds nobody up.
    """

    def __init__(
        self,
        sessions: Callable[[], AsyncSession],
        *,
        kinds: Sequence[type[Event]],
        listeners: Mapping[type[Event], Sequence[Listener]],
        broadcast: Broadcast,
        clock: Clock,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._sessions = sessions
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._listeners = listeners
        self._broadcast = broadcast
        self._clock = clock
        self._tracing = tracing
        self._woken = asyncio.Event()
        self._stirred = asyncio.Event()
        """The listening connection was lost, or the relay ends."""
        self._ending = asyncio.Event()

    def wake(self, *_: object) -> None:
        """Look into the journal soon."""
        self._woken.set()

    @asynccontextmanager
    async def running(self, engine: AsyncEngine) -> AsyncIterator[None]:
        """Tell in the background while the block runs, woken by the database at each commit; then end in order."""
        work = [asyncio.create_task(self._keep_telling()), asyncio.create_task(self._keep_listening(engine))]
        try:
            yield
        finally:
            for event in (self._ending, self._woken, self._stirred):
                event.set()
            await asyncio.wait(work, timeout=ENDING_SECONDS)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def tell_all(self) -> int:
        """Tell everything that is due now, each fact once; answers how many facts were told."""
        told = reached = 0
        while not self._ending.is_set() and (batch := await self._tell_batch(after=reached)):
            reached, count = batch
            told += count
        return told

    async def _keep_telling(self) -> None:
        failing = False
        while not self._ending.is_set():
            self._woken.clear()
            try:
                await self.tell_all()
            except Exception:
                if not failing:  # once an outage, not once a second
                    log.exception("the relay cannot tell; it keeps trying")
                failing = True
                await _at_most(1, self._ending)
            else:
                failing = False
                await _at_most(LONGEST_SLEEP, self._woken)

    async def _keep_listening(self, engine: AsyncEngine) -> None:
        while not self._ending.is_set():
            try:
                await self._listen(engine)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as cause:
                log.warning("the journal's channel was lost; it is opened again", cause=type(cause).__name__)
                await _at_most(1, self._ending)

    async def _listen(self, engine: AsyncEngine) -> None:
        """Hold one connection on the journal's channel, outside the pool, until it is lost."""
        _, arguments = engine.dialect.create_connect_args(engine.url)
        connection: asyncpg.Connection[Any] = await asyncpg.connect(
            **arguments, timeout=5, server_settings={"application_name": LISTENER}
        )
        try:
            self._stirred.clear()
            connection.add_termination_listener(lambda _: self._stirred.set())
            await connection.add_listener(CHANNEL, self.wake)
            self.wake()  # for what was committed while nobody listened
            while not self._ending.is_set():
                await _at_most(LONGEST_SLEEP, self._stirred)
                # A connection that a proxy on the way has dropped looks open until it is used.
                await connection.execute("SELECT 1", timeout=5)
        finally:
            connection.terminate()

    async def _tell_batch(self, *, after: int) -> tuple[int, int] | None:
        """Tell the next entries in one transaction: what listeners write and that they were told commit together.

        Answers the last number that was looked at and how many facts were told, or None when nothing is due or
        another relay is telling.
        """
        messages: list[tuple[str, Mapping[str, Any]]] = []
        told = 0
        async with self._sessions() as session, session.begin():
            if not await session.scalar(_MINE_TO_TELL):
                return None
            wanted = {"after": after, "kinds": [*self._kinds], "now": self._clock()}
            rows = (await session.execute(_NEXT, wanted)).all()
            if not rows:
                return None
            held: set[UUID] = set()
            for untold, entry in rows:
                if untold.thread_id in held:
                    continue
                heard = await self._tell(untold, entry, session)
                if heard is None:
                    held.add(untold.thread_id)
                else:
                    await session.delete(untold)
                    messages += heard
                    told += 1
            reached = rows[-1][0].number
        await self._broadcast.publish_all(messages)
        return reached, told

    async def _tell(
        self, untold: Untold, entry: JournalEntry, session: AsyncSession
    ) -> list[tuple[str, Mapping[str, Any]]] | None:
        """Tell one fact to its listeners; a listener that fails undoes only this fact, which is told again later."""
        hearing = _Hearing(entry.id, session)
        try:
            event = entry.event(self._kinds)
            with self._tracing.following(f"tell {entry.kind}", request_id=entry.request_id):
                async with session.begin_nested():
                    for listener in self._listeners.get(type(event), ()) if event else ():
                        await listener(event, hearing)
        except Exception:
            untold.attempts += 1
            now = self._clock()
            untold.due_at = now + timedelta(seconds=4**untold.attempts)
            untold.given_up_at = now if untold.attempts >= MOST_ATTEMPTS else None
            await session.flush()  # fails when the connection is gone: then the whole batch is told again
            log.exception("a listener failed", kind=entry.kind, entry=str(entry.id), attempts=untold.attempts)
            return None
        return hearing.messages


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    """Wait for something, but not for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _next() -> Select[Untold, JournalEntry]:
    """Write the statement that finds what is due: neither given up nor resting, nor behind one that rests."""
    earlier, now = aliased(Untold), bindparam("now", type_=DateTime(timezone=True))
    waits = exists().where(
        earlier.thread_id == Untold.thread_id,
        earlier.number < Untold.number,
        earlier.given_up_at.is_(None),
        earlier.due_at > now,
    )
    return (
        select(Untold, JournalEntry)
        .join(JournalEntry, JournalEntry.id == Untold.id)
        .where(
            Untold.number > bindparam("after"),
            JournalEntry.kind == any_(bindparam("kinds", type_=ARRAY(String))),
            Untold.given_up_at.is_(None),
            or_(Untold.due_at.is_(None), Untold.due_at <= now),
            ~waits,
        )
        .order_by(Untold.number)
        .limit(BATCH)
    )


_NEXT: Final = _next()
_MINE_TO_TELL: Final = select(func.pg_try_advisory_xact_lock(RELAY_LOCK))
