"""The engine and the sessions, as the settings ask for them."""

from collections.abc import Mapping
from decimal import Decimal
from time import monotonic
from typing import Any, Final

import msgspec
import structlog
from advanced_alchemy.config import AsyncSessionConfig, EngineConfig, SQLAlchemyAsyncConfig
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from lc_workflow.platform.config import BadSetting, Settings
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.watching.metrics import connection_returned, connection_taken, pool_opened
from lc_workflow.platform.watching.slow import log_slow_statements

CONNECT: Final = {
    "timeout": 5,
    # A database that falls silent closes no connection: without this, whoever asks it waits for ever.
    "command_timeout": 15,
    "server_settings": {"application_name": "lc-workflow", "timezone": "UTC"},
}

POOL_SECONDS: Final = 10
"""How long a request waits for a connection while all are busy; then it is told to come again."""

WRITER, READER = "writer", "reader"
"""In what a session knows of itself: its engine, and the same one for reading, which needs no transaction."""

READING: Final = "reading"
"""Set while a session only reads: the connection it took for that, or None before it needs one."""

DONE: Final = "done"
"""Set on a request's session when what it was to write is committed: what follows reads for the answer."""

RESTS_SINCE: Final = "rests since"
DOUBTED: Final = "doubted"
SURE_SECONDS: Final = 1.0
"""A connection that was used so lately is taken to stand."""

_log = structlog.stdlib.get_logger()

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

read_json: Final = msgspec.json.Decoder(float_hook=Decimal).decode
"""Read a JSON column; its numbers keep their digits, as everywhere else."""


def write_json(value: object) -> str:
    """Write a JSON column, decimals as numbers."""
    return _ENCODER.encode(value).decode()


class ClosingSession(AsyncSession):
    """A session whose end spoils no answer.

    It is closed when the answer goes out, and what was to be done is committed by then: a connection that breaks so
    late is given up, and nobody needs to hear of it.
    """

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
        if READING not in self.info:
            return
        connection: AsyncConnection | None = self.info.pop(READING)
        self.bind = self.info[WRITER]
        if connection is not None:
            await connection.close()


class SessionMaker(async_sessionmaker[AsyncSession]):
    """Makes sessions that close in peace and can read without a transaction; the library asks for a class."""

    def __init__(self, bind: AsyncEngine, info: Mapping[str, object], **options: Any) -> None:  # noqa: ANN401 - its own
        engines = {WRITER: bind, READER: bind.execution_options(isolation_level="AUTOCOMMIT")}
        super().__init__(bind, class_=ClosingSession, info={**info, **engines}, **options)


def only_reads(session: AsyncSession) -> None:
    """Let a session read without BEGIN and ROLLBACK around it, which are two ways to the database and back.

    Each statement sees what is committed, as it does within a transaction of ours (READ COMMITTED). Who then wants to
    write begins a transaction with `begins_to_write`. A session on a given connection stays as it is: its transaction
    is somebody else's.
    """
    if READER in session.info and READING not in session.info and not session.in_transaction():
        session.info[READING] = None
        session.bind = session.info[READER]


async def reading_on(session: AsyncSession) -> Connection | None:
    """Give the connection of a session that only reads, which costs less than what the session does to hold one.

    None when the session may write: then it has its connection itself.
    """
    if READING not in session.info:
        return None
    if session.in_transaction():  # something went through the session itself, and what follows goes the same way
        return (await session.connection()).sync_connection
    connection: AsyncConnection | None = session.info[READING]
    if connection is None:
        reader: AsyncEngine = session.info[READER]
        connection = session.info[READING] = session.bind = await reader.connect()
    return connection.sync_connection


async def begins_to_write(session: AsyncSession) -> None:
    """Let what follows be one transaction, on a session that may have been reading until now."""
    session.info.pop(DONE, None)
    if READING in session.info:
        await session.commit()  # there is nothing to commit; what was loaded stays loaded


def _ping_the_rested(engine: AsyncEngine) -> None:
    """Ask connections that rested whether they still stand, before a request relies on them (DATABASE_POOL_PRE_PING).

    SQLAlchemy's own way asks each time: one more way to the database for every request. One that was used a moment ago
    is taken to stand, unless the driver knows better or its last statement failed.
    """

    @event.listens_for(engine.sync_engine, "handle_error")
    def doubt(context: ExceptionContext) -> None:
        if context.connection is not None and not context.connection.invalidated:
            context.connection.info[DOUBTED] = True

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_: object, record: ConnectionPoolEntry) -> None:
        record.info[RESTS_SINCE] = None if record.info.pop(DOUBTED, False) else monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _: object) -> None:  # noqa: ANN401 - the driver's
        since = record.info.get(RESTS_SINCE, monotonic())
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        if since is not None and monotonic() - since < SURE_SECONDS:
            return
        try:
            engine.sync_engine.dialect.do_ping(connection)
        except (engine.sync_engine.dialect.loaded_dbapi.Error, OSError) as gone:
            raise DisconnectionError from gone


def alchemy_config(settings: Settings) -> SQLAlchemyAsyncConfig:
    """Describe the one engine of this process; the plugin opens and closes it."""
    config = SQLAlchemyAsyncConfig(
        connection_string=settings.database_url.render_as_string(hide_password=False),
        engine_config=EngineConfig(
            pool_size=settings.pool_size,
            max_overflow=settings.pool_overflow,
            pool_timeout=POOL_SECONDS,
            pool_recycle=1800,
            connect_args=CONNECT,
            hide_parameters=True,
            json_serializer=write_json,
            json_deserializer=read_json,
        ),
        session_config=AsyncSessionConfig(expire_on_commit=False, info={"enable_cache_listener": False}),
        session_maker_class=SessionMaker,
        metadata=Row.metadata,
        create_all=False,
        enable_file_object_listener=False,
        enable_touch_updated_timestamp_listener=False,  # the verbs say the moment, from the clock they are given
    )
    pool_opened(settings.pool_size + settings.pool_overflow)
    engine = config.get_engine().sync_engine
    event.listen(engine, "checkout", lambda *_: connection_taken())
    event.listen(engine, "checkin", lambda *_: connection_returned())
    if settings.slow_statement_ms:
        log_slow_statements(engine, most_ms=settings.slow_statement_ms)
    if settings.pool_pre_ping:
        _ping_the_rested(config.get_engine())
    return config


def probe_engine(settings: Settings) -> AsyncEngine:
    """Make an engine with one connection of its own, so that a busy pool does not read as a lost database."""
    return create_async_engine(settings.database_url, pool_size=1, max_overflow=0, connect_args=CONNECT)


async def ping(engine: AsyncEngine) -> None:
    """Ask the database for a sign of life, on a connection of the engine."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def reach_database(engine: AsyncEngine) -> None:
    """Make sure at the start that the database answers.

    Raises:
        BadSetting: It does not.
    """
    try:
        await ping(engine)
    except (DBAPIError, OSError) as silent:
        raise BadSetting(f"DATABASE_URL is set and no database answers there ({type(silent).__name__}).") from silent
