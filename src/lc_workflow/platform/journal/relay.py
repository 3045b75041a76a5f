"""Tells listeners what the journal holds: after the commit, at least once, in order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Select,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.kernel.events import Event
from lc_workflow.platform.broadcast import Broadcast
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.db.listening import at_most
from lc_workflow.platform.db.locks import Lock
from lc_workflow.platform.db.reaching import is_gone
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.manifest import Hearing, Listener
from lc_workflow.platform.watching.tracing import NO_TRACING, Tracing

CHANNEL = "journal"
"""The NOTIFY channel that the trigger on `journal_entries` wakes relays on."""


MOST_ATTEMPTS = 6
BATCH = 100
BATCH_SECONDS = 2.0
"""After this long a batch begins no further fact: what its listeners have written keeps others waiting until then."""
LONGEST_SLEEP = 30.0
"""Seconds after which a relay looks unasked: for what is due again, and in case a wake-up got lost."""

ENDING_SECONDS = 2.0
"""How long a relay that ends may take to finish the facts it is telling."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Batch:
    """What is told in one transaction: the facts, the threads of those that failed, and what is sent after the commit.

    It ends early after a fact whose listener locked rows that people work on. Locks kept while the next facts are told
    make people wait, and deadlock with those of them who hold what a next fact needs.
    """

    reached: int = 0
    looked_at: int = 0
    told: list[UUID] = field(default_factory=list)
    held: set[UUID] = field(default_factory=set)
    messages: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    is_ended: bool = False
    began: float = field(default_factory=monotonic)

    @property
    def is_over(self) -> bool:
        if self.is_ended or self.looked_at >= BATCH:
            return True
        return self.looked_at > 0 and monotonic() - self.began >= BATCH_SECONDS


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
        self._ending = asyncio.Event()

    def wake(self) -> None:
        """Look into the journal soon."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell in the background while the block runs, whenever woken; then end in order."""
        work = asyncio.create_task(self._keep_telling())
        try:
            yield
        finally:
            self._ending.set()
            self._woken.set()
            await asyncio.wait([work], timeout=ENDING_SECONDS)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def tell_all(self) -> int:
        """Tell everything that is due now, each fact once; return how many facts were told."""
        told = reached = 0
        while not self._ending.is_set():
            batch = await self._tell_batch(after=reached)
            told, reached = told + len(batch.told), batch.reached
            if not batch.is_over:
                break
        return told

    async def _keep_telling(self) -> None:
        failing = False
        while not self._ending.is_set():
            self._woken.clear()
            try:
                await self.tell_all()
            except Exception as cause:  # noqa: BLE001 - whatever fails, it tries again
                if not failing:  # once per outage, not once a second
                    _explain(cause)
                failing = True
                await at_most(1, self._ending)
            else:
                failing = False
                await at_most(LONGEST_SLEEP, self._woken)

    async def _tell_batch(self, *, after: int) -> _Batch:
        """Tell the next entries in one transaction: what listeners write and that they were told commit together.

        What listeners announce, and what is committed meanwhile, is told with them until the batch is over. Nothing is
        told while another relay is telling.
        """
        batch = _Batch(reached=after)
        async with self._sessions() as session, session.begin():
            if not await session.scalar(_MINE_TO_TELL):
                return batch
            while not batch.is_over and (rows := await self._next(session, after=batch.reached)):
                for row in rows:
                    batch.looked_at, batch.reached = batch.looked_at + 1, row.number
                    # A kind of a later version waits for a relay that knows it.
                    if row.kind in self._kinds and row.thread_id not in batch.held:
                        await self._tell(row, session, batch)
                    if batch.is_over:
                        break
            if batch.told:
                await _TOLD.rows(session, ids=batch.told)
        await self._broadcast.publish_all(batch.messages)
        return batch

    async def _next(self, session: AsyncSession, *, after: int) -> Sequence[Any]:
        await session.flush()  # what listeners have announced is due as well
        return await _NEXT.rows(session, after=after, now=self._clock())

    async def _tell(self, row: Any, session: AsyncSession, batch: _Batch) -> None:
        """Tell one fact to its listeners; a listener that fails undoes only this fact, which is told again later."""
        hearing = Hearing(row.id, session)
        try:
            await self._tell_listeners(row, hearing)
        except Exception as failed:
            batch.held.add(row.thread_id)
            try:
                await self._put_off(row, session)
            except SQLAlchemyError as broken:  # the connection is gone: the whole batch is told again
                raise broken from failed
            log.exception("a listener failed", kind=row.kind, entry=str(row.id), attempts=row.attempts + 1)
        else:
            batch.told.append(row.id)
            batch.messages += hearing.messages
            batch.is_ended = hearing.ends_the_batch

    async def _tell_listeners(self, row: Any, hearing: Hearing) -> None:
        kind = self._kinds[row.kind]
        if not (listeners := self._listeners.get(kind)):
            return
        event = msgspec.convert(row.facts, kind)
        with self._tracing.following(f"tell {row.kind}", request_id=row.request_id):
            async with hearing.session.begin_nested():
                for listener in listeners:
                    await listener(event, hearing)

    async def _put_off(self, row: Any, session: AsyncSession) -> None:
        """Let a fact rest after a failure; after the last attempt, give it up."""
        attempts, now = row.attempts + 1, self._clock()
        await session.execute(
            update(Untold)
            .where(Untold.id == row.id)
            .values(
                attempts=attempts,
                due_at=now + timedelta(seconds=4**attempts),
                given_up_at=now if attempts >= MOST_ATTEMPTS else None,
            )
        )


def _explain(cause: Exception) -> None:
    """Log why nothing is told: a sentence when the database is gone, the traceback for anything unknown.

    The last exception may only say that the transaction broke; its cause says why.
    """
    reached: BaseException | None = cause
    while reached is not None:
        if is_gone(reached):
            gone = getattr(reached, "driver_exception", reached)
            log.warning("the relay cannot tell while the database is gone", cause=type(gone).__name__)
            return
        reached = reached.__cause__
    log.error("the relay cannot tell; it keeps trying", exc_info=cause)


def _next() -> Select[*tuple[Any, ...]]:
    """The statement that finds what is due: neither given up nor resting, nor behind one that rests."""
    earlier, now = aliased(Untold), bindparam("now", type_=DateTime(timezone=True))
    waits = exists().where(
        earlier.thread_id == Untold.thread_id,
        earlier.number < Untold.number,
        earlier.given_up_at.is_(None),
        earlier.due_at > now,
    )
    return (
        select(
            *(Untold.id, Untold.number, Untold.thread_id, Untold.attempts),
            *(JournalEntry.kind, JournalEntry.request_id, JournalEntry.facts),
        )
        .join(JournalEntry, JournalEntry.id == Untold.id)
        .where(
            Untold.number > bindparam("after", type_=BigInteger),
            Untold.given_up_at.is_(None),
            or_(Untold.due_at.is_(None), Untold.due_at <= now),
            ~waits,
        )
        .order_by(Untold.number)
        .limit(BATCH)
    )


_MINE_TO_TELL: Final = select(func.pg_try_advisory_xact_lock(Lock.TELL.value))
_NEXT: Final = Written(_next())
_TOLD: Final = Written(delete(Untold).where(Untold.id == any_(bindparam("ids", type_=ARRAY(Uuid)))))
