"""Sessions that read without a transaction on a pooled connection, and whose closing cannot spoil an answer."""

from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

ENGINES: Final = "engines"
"""Key in `session.info`: its engine, and the same in AUTOCOMMIT; absent for a session on a given connection."""

READING: Final = "reading"
"""Key in `session.info` while a session only reads: its `Line`."""

DONE: Final = "done"
"""Key in `session.info` of a request once its change is committed; what follows only reads, for the answer."""

DOUBTED: Final = "doubted"
"""Key in the `info` of a pooled connection whose last statement failed."""

_log = structlog.stdlib.get_logger()


class Line:
    """A pooled connection for a session that only reads, taken when it is first needed.

    `Written` statements go to the driver and need only the pool's connection, because setting up and closing
    SQLAlchemy's `Connection` takes longer than a small statement. What goes through the session gets such a
    `Connection`, on the same line, in AUTOCOMMIT.
    """

    def __init__(self, engine: Engine, in_autocommit: Engine) -> None:
        """Belong to an engine and its AUTOCOMMIT twin, without a connection yet."""
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
        """The pool's connection; named as on a `Connection`."""
        held = self._held if self._through is None else self._through.connection
        assert held is not None  # noqa: S101 - it is taken before anything is sent
        return held

    @property
    def info(self) -> dict[Any, Any]:
        """What is noted about the connection as long as it is open."""
        return self.connection.info

    def through(self) -> Connection:
        """SQLAlchemy's connection on the line; call it inside SQLAlchemy's greenlet."""
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
    """The synchronous session behind ours: while it only reads, its statements go on the line."""

    def get_bind(self, *asked: Any, **further: Any) -> Engine | Connection:
        """Name where a statement goes."""
        line: Line | None = self.info.get(READING)
        return super().get_bind(*asked, **further) if line is None else line.through()


class ClosingSession(AsyncSession):
    """A session that can be closed without an error.

    It is closed when the answer goes out, and by then everything is committed: a connection that breaks so late is
    dropped, and nobody needs to hear of it.
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
        """Commit, and give the connection back to the pool."""
        try:
            await super().commit()
        finally:
            await self._read_no_more()

    async def rollback(self) -> None:
        """Roll back, and give the connection back to the pool."""
        try:
            await super().rollback()
        finally:
            await self._read_no_more()

    async def _read_no_more(self) -> None:
        if line := self.info.pop(READING, None):
            await line.give_back()


class SessionMaker:
    """Makes sessions that can read without a transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        in_autocommit = engine.sync_engine.execution_options(isolation_level="AUTOCOMMIT")
        self._knows = {ENGINES: (engine.sync_engine, in_autocommit)}

    def __call__(self) -> AsyncSession:
        """Make one."""
        return ClosingSession(self._engine, expire_on_commit=False, info=self._knows)


def only_reads(session: AsyncSession) -> None:
    """Let a session read without BEGIN and ROLLBACK, which saves two round trips.

    Each statement sees what is committed, just as inside our transactions (READ COMMITTED). To write after all, call
    `begins_to_write`. A session on a given connection is left as it is: its transaction belongs to somebody else.
    """
    info = session.info
    if ENGINES in info and READING not in info and not session.in_transaction():
        info[READING] = Line(*info[ENGINES])


async def reading_on(session: AsyncSession) -> Line | None:
    """The line of a session that only reads, with a connection on it; None when the session may write."""
    line: Line | None = session.info.get(READING)
    return None if line is None else await line.taken()


async def begins_to_write(session: AsyncSession) -> None:
    """Begin a transaction on a session that may have been reading until now."""
    session.info.pop(DONE, None)
    if READING in session.info:
        await session.commit()  # there is nothing to commit; what was loaded stays loaded
