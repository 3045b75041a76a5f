"""The engine, as the settings ask for it."""

from time import monotonic
from typing import Any, Final

import structlog
from advanced_alchemy.config import EngineConfig, SQLAlchemyAsyncConfig
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection, ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.exact_json import read_json, write_json
from lc_workflow.platform.db.reaching import CONNECT
from lc_workflow.platform.db.reading import DOUBTED, SessionMaker
from lc_workflow.platform.watching.metrics import connection_returned, connection_taken, pool_opened
from lc_workflow.platform.watching.slow import log_slow_statements

POOL_SECONDS: Final = 10
"""How long a request waits for a connection while all are busy, before it is told to come again."""

LOCK_MS: Final = 10_000
"""How long a statement waits for a lock: less than the driver waits for an answer.

Otherwise a colleague's lock would look like a database that does not answer, to people and in the log.
"""

STATEMENT_MS: Final = 14_000
"""How long a statement may take, which may wait for several locks in turn; less than the driver waits, as above."""

RESTS_SINCE: Final = "rests since"
SURE_SECONDS: Final = 1.0
"""A connection used this recently is taken to be alive."""

_log = structlog.stdlib.get_logger()


def _limit_waits(engine: AsyncEngine) -> None:
    """Set the limits by a statement: poolers refuse to connect with a setting that they do not know."""
    limits = f"SET lock_timeout = {LOCK_MS}; SET statement_timeout = {STATEMENT_MS}"

    @event.listens_for(engine.sync_engine, "connect")
    def limit(connection: AdaptedConnection, _: object) -> None:
        connection.run_async(lambda driver: driver.execute(limits))


def _ping_the_rested(engine: AsyncEngine) -> None:
    """Check idle connections before a request relies on them (DATABASE_POOL_PRE_PING).

    SQLAlchemy's own check costs every request a round trip. Here a connection used a moment ago is taken to be alive,
    unless the driver knows better or its last statement failed.
    """

    @event.listens_for(engine.sync_engine, "handle_error")
    def doubt(context: ExceptionContext) -> None:
        if context.connection is not None and not context.connection.invalidated:
            context.connection.info[DOUBTED] = True

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_: object, record: ConnectionPoolEntry) -> None:
        record.info[RESTS_SINCE] = None if record.info.pop(DOUBTED, False) else monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
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
    _limit_waits(config.get_engine())
    if settings.slow_statement_ms:
        log_slow_statements(engine, most_ms=settings.slow_statement_ms)
    if settings.pool_pre_ping:
        _ping_the_rested(config.get_engine())
    return config
