"""Reaching the database outside the request pool: engines for one piece of work, and health checks."""

import errno
from socket import gaierror
from typing import Final

import asyncpg
from sqlalchemy import URL, NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.exact_json import read_json, write_json
from lc_workflow.platform.variables import BadSetting

CONNECT: Final = {
    "timeout": 5,
    # A database that falls silent closes no connection: without this, a query would wait for ever.
    "command_timeout": 15,
    "server_settings": {"application_name": "lc-workflow", "timezone": "UTC"},
}

_DOWN: Final = ("08", "25006", "28", "3D", "53", "57")
"""No connection, read-only standby, cannot sign in, no such database, out of resources, shutting down."""


def engine_for_once(url: URL, **options: str) -> AsyncEngine:
    """Make an engine for one piece of work: it keeps no connection, and its errors show no values."""
    return create_async_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        json_serializer=write_json,
        json_deserializer=read_json,
        **options,
    )


def session_for_once(url: URL) -> AsyncSession:
    """Open a session for one piece of work; what it has loaded can be looked at after a commit."""
    return AsyncSession(engine_for_once(url), expire_on_commit=False)


def probe_engine(settings: Settings) -> AsyncEngine:
    """Make an engine with one connection of its own, so that a busy pool is not mistaken for a lost database.

    The connection is tested before each use and reopened when it was lost.
    """
    return create_async_engine(
        settings.database_url, pool_size=1, max_overflow=0, connect_args=CONNECT, pool_pre_ping=True
    )


async def ping(engine: AsyncEngine) -> None:
    """Check that the database answers, on a connection of the engine."""
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
    """The refusal when the database does not answer; it names the kind of the underlying failure."""
    while silent.__cause__:
        silent = silent.__cause__
    if isinstance(silent, asyncpg.ClientConfigurationError):
        return BadSetting(
            "DATABASE_URL has a sslmode that wants an authority's certificate; PGSSLROOTCERT names its file."
        )
    return BadSetting(f"DATABASE_URL is set and its database does not answer ({type(silent).__name__}).")


def is_gone(error: BaseException) -> bool:
    """Whether a failure means that the database cannot be used now, rather than that somebody made a mistake."""
    driver = error.driver_exception if isinstance(error, DBAPIError) else error
    if (getattr(driver, "sqlstate", None) or "").startswith(_DOWN):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # InternalClientError: the connection was lost while the driver still waited for the answer before.
    lost = PoolExhausted | asyncpg.InterfaceError | asyncpg.InternalClientError
    if isinstance(driver, lost | ConnectionError | TimeoutError | gaierror):
        return True
    # A broken disk is an `OSError` as well.
    return isinstance(driver, OSError) and driver.errno in {None, errno.EHOSTUNREACH, errno.ENETUNREACH}
