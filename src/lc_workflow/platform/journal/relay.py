"""Tells listeners what the journal holds: at least once, in order, after the commit."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from lc_workflow.kernel.events import Event
from lc_workflow.platform.broadcast import Broadcast
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.manifest import Listener

CHANNEL = "journal"
"""The NOTIFY channel that the trigger on `journal_entries` wakes relays on."""

RELAY_LOCK = 0x1C_0A
"""The advisory lock that makes one relay tell at a time, so that facts stay in order."""

MOST_ATTEMPTS = 5
BATCH = 100
LONGEST_SLEEP = 30.0
"""Seconds after which a relay looks by itself: for what a failed listener left, and for a wake-up that got lost."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Hearing:
    event_id: UUID
    session: AsyncSession
    messages: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def send(self, pattern: str, message: Mapping[str, Any]) -> None:
        self.messages.append((pattern, message))


class Relay:
    """Reads untold entries and tells them; one runs in each process, one of them tells at a time."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        kinds: Sequence[type[Event]],
        listeners: Mapping[type[Event], Sequence[Listener]],
        broadcast: Broadcast,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._listeners = listeners
        self._broadcast = broadcast
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self, *_: object) -> None:
        """Look into the journal soon."""
        self._woken.set()

    @asynccontextmanager
    async def running(self, engine: AsyncEngine) -> AsyncIterator[None]:
        """Tell in the background while the block runs, woken by the database at each commit."""
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(self._keep_telling()), tasks.create_task(self._keep_listening(engine))]
            try:
                yield
            finally:
                for task in work:
                    task.cancel()

    async def tell_all(self) -> int:
        """Tell everything that is untold now; answers how many facts were told."""
        told = 0
        while count := await self._tell_batch():
            told += count
        return told

    async def _keep_telling(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self.tell_all()
            except Exception:
                log.exception("the relay could not tell; it tries again")
                await asyncio.sleep(1)
                continue
            try:
                async with asyncio.timeout(LONGEST_SLEEP):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _keep_listening(self, engine: AsyncEngine) -> None:
        """Hold one connection on the journal's channel; a lost one is opened again."""
        while True:
            try:
                connection: asyncpg.Connection[Any] = await _listening_connection(engine)
            except (OSError, asyncpg.PostgresError, TimeoutError):
                await asyncio.sleep(1)
                continue
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _, lost=lost: lost.set())
            try:
                await connection.add_listener(CHANNEL, self.wake)
                self.wake()
                await lost.wait()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(1)
            finally:
                connection.terminate()

    async def _tell_batch(self) -> int:
        """Tell the next entries in one transaction: what listeners write and that they were told commit together."""
        async with self._sessions() as session, session.begin():
            if not await session.scalar(select(func.pg_try_advisory_xact_lock(RELAY_LOCK))):
                return 0
            entries = (
                await session.scalars(
                    select(JournalEntry)
                    .where(JournalEntry.told_at.is_(None), JournalEntry.attempts < MOST_ATTEMPTS)
                    .order_by(JournalEntry.number)
                    .limit(BATCH)
                )
            ).all()
            messages: list[tuple[str, Mapping[str, Any]]] = []
            told = 0
            for entry in entries:
                heard = await self._tell(entry, session)
                if heard is not None:
                    entry.told_at = self._clock()
                    messages += heard
                    told += 1
        for pattern, message in messages:
            await self._broadcast.publish(pattern, message)
        return told

    async def _tell(self, entry: JournalEntry, session: AsyncSession) -> list[tuple[str, Mapping[str, Any]]] | None:
        """Tell one fact to its listeners; a listener that fails undoes only this fact, which is told again later."""
        hearing = _Hearing(entry.id, session)
        try:
            event = entry.event(self._kinds)
            async with session.begin_nested():
                for listener in self._listeners.get(type(event), ()) if event else ():
                    await listener(event, hearing)
        except Exception:
            entry.attempts += 1
            log.exception("a listener failed", kind=entry.kind, entry=str(entry.id), attempts=entry.attempts)
            return None
        return hearing.messages


async def _listening_connection(engine: AsyncEngine) -> "asyncpg.Connection[Any]":
    """Open a connection outside the pool, with the pool's own arguments."""
    _, arguments = engine.dialect.create_connect_args(engine.url)
    return await asyncpg.connect(**arguments, timeout=5)
