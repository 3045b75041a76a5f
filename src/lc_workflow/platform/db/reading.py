"""Sessions that read without a transaction, on a connection that the pool gives, and end without spoiling an answer."""

from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

ENGINES: Final = "engines"
"""In what a session knows of itself: its engine, and the same in AUTOCOMMIT; one on a given connection has none."""

READING: Final = "reading"
"""Set while a session only reads: its `Line`."""

DONE: Final = "done"
"""Set on a request's session when what it was to write is committed: what follows reads for the answer."""

DOUBTED: Final = "doubted"
"""Set on a pooled connection whose last statement failed."""

_log = structlog.stdlib.get_logger()


class Line:
    """A connection of the pool's for a session that only reads, taken when it is first needed.

    Statements that are written once go on the driver, and need no more than the pool's connection: SQLAlchemy's
    `Connection` with its events and options takes longer to make and to end than a small statement takes. What goes
    through the session itself gets one, on the same line, in AUTOCOMMIT.
    """

    def __init__(self, engine: Engine, in_autocommit: Engine) -> None:
        """Belong to an engine, which comes in AUTOCOMMIT as well, without a connection yet."""
        self.engine = engine
        self._in_autocommit = in_autocommit
        self._held: PoolProxiedConnection | None = None
        self._through: Connection | None = None

    async def taken(self) -> "Line":
        """Make sure that there is a connection, and give the line."""
        if self._held is None:
            await greenlet_spawn(self._take)
        return self

    @property
    def connection(self) -> PoolProxiedConnection:
        """What the pool gave; named as on a `Connection`."""
        held = self._held if self._through is None else self._through.connection
        assert held is not None  # noqa: S101 - it is taken before anything is sent
        return held

    @property
    def info(self) -> dict[Any, Any]:
        """What is noted of the connection as long as it stands."""
        return self.connection.info

    def through(self) -> Connection:
        """Give SQLAlchemy's connection on it; called where SQLAlchemy waits, within its greenlet."""
        if self._through is None:
            self._through = Connection(self._in_autocommit, self._held or self._take())
        return self._through

    async def give_back(self) -> None:
        """Give the connection back to the pool, if there is one."""
        held, self._held, self._through = self._through or self._held, None, None
        if held is not None:
            await greenlet_spawn(held.close)

    def _take(self) -> PoolProxiedConnection:
        try:
            self._held = self.engine.raw_connection()
        except self.engine.dialect.loaded_dbapi.Error as failed:
            raise failed.__cause__ or failed from None  # as the driver raises it: problem bodies are made of that
        return self._held


class _LinedSession(Session):
    """What is behind a session of ours: while that only reads, its statements go on the line."""

    def get_bind(self, *asked: Any, **further: Any) -> Engine | Connection:  # noqa: ANN401 - SQLAlchemy's
        """Name where a statement goes."""
        line: Line | None = self.info.get(READING)
        return super().get_bind(*asked, **further) if line is None else line.through()


class ClosingSession(AsyncSession):
    """A session whose end spoils no answer.

    It is closed when the answer goes out, and what was to be done is committed by then: a connection that breaks so
    late is given up, and nobody needs to hear of it.
    """

    sync_session_class = _LinedSession

    async def close(self) -> None:
        """Give the connection back, whatever has become of it."""
        if READING not in self.info:  # else there is nothing to take back
            self.expunge_all()  # so that what was read can still be looked at
            try:
                await self.rollback()
            except (DBAPIError, OSError) as broken:
                _log.warning("a connection broke as it was given back", cause=type(broken).__name__)
        elif not self.in_transaction():  # nothing went through the session itself
            await self._read_no_more()
            return
        await super().close()
        await self._read_no_more()

    async def commit(self) -> None:
        """Commit, and give the connection back: it is somebody else's from here on."""
        try:
            await super().commit()
        finally:
            await self._read_no_more()

    async def rollback(self) -> None:
        """Take back what was not committed, and give the connection back."""
        try:
            await super().rollback()
        finally:
            await self._read_no_more()

    async def _read_no_more(self) -> None:
        if line := self.info.pop(READING, None):
            await line.give_back()


class SessionMaker:
    """Makes sessions that close in peace and can read without a transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Make them on this engine."""
        self._engine = engine
        in_autocommit = engine.sync_engine.execution_options(isolation_level="AUTOCOMMIT")
        self._knows = {ENGINES: (engine.sync_engine, in_autocommit)}

    def __call__(self) -> AsyncSession:
        """Make one."""
        return ClosingSession(self._engine, expire_on_commit=False, info=self._knows)


def only_reads(session: AsyncSession) -> None:
    """Let a session read without BEGIN and ROLLBACK around it, which are two ways to the database and back.

    Each statement sees what is committed, as it does within a transaction of ours (READ COMMITTED). Who then wants to
    write begins a transaction with `begins_to_write`. A session on a given connection stays as it is: its transaction
    is somebody else's.
    """
    info = session.info
    if ENGINES in info and READING not in info and not session.in_transaction():
        info[READING] = Line(*info[ENGINES])


async def reading_on(session: AsyncSession) -> Line | None:
    """Give the line of a session that only reads, with a connection on it; None when the session may write."""
    line: Line | None = session.info.get(READING)
    return None if line is None else await line.taken()


async def begins_to_write(session: AsyncSession) -> None:
    """Let what follows be one transaction, on a session that may have been reading until now."""
    session.info.pop(DONE, None)
    if READING in session.info:
        await session.commit()  # there is nothing to commit; what was loaded stays loaded
