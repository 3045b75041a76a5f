"""The engine, as the settings ask for it."""

from decimal import Decimal
from time import monotonic
from typing import Any, Final

import msgspec
import structlog
from advanced_alchemy.config import EngineConfig, SQLAlchemyAsyncConfig
from sqlalchemy import event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from lc_workflow.platform.config import BadSetting, Settings
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.reading import DOUBTED, SessionMaker
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

RESTS_SINCE: Final = "rests since"
SURE_SECONDS: Final = 1.0
"""A connection that was used so lately is taken to stand."""

_log = structlog.stdlib.get_logger()

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

read_json: Final = msgspec.json.Decoder(float_hook=Decimal).decode
"""Read a JSON column; its numbers keep their digits, as everywhere else."""


def write_json(value: object) -> str:
    """Write a JSON column, decimals as numbers."""
    return _ENCODER.encode(value).decode()


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
        metadata=Row.metadata,
        create_all=False,
    )
    # The library's own maker listens for caches and stored files, and sets moments that our verbs take from the clock.
    config.session_maker = SessionMaker(config.get_engine())
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
        raise unanswered(silent) from silent


def unanswered(silent: BaseException) -> BadSetting:
    """Say that the database does not answer, and why by the name of what was at the bottom of it."""
    while silent.__cause__:
        silent = silent.__cause__
    return BadSetting(f"DATABASE_URL is set and its database does not answer ({type(silent).__name__}).")
