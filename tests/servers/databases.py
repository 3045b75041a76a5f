"""Empty databases on the tests' own server."""

import asyncio
from collections.abc import Awaitable
from uuid import uuid4

import asyncpg
from httpx import Response
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tests.moments import PATIENCE

WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
)

AFRESH = text("SELECT pg_stat_clear_snapshot()")
"""Else a transaction goes on seeing the connections there were when it first looked."""


def empty_database_on(server: URL) -> URL:
    """Create a database that nothing was migrated into."""
    return _created(server, f"empty_{uuid4().hex[:12]}")


def copied(server: URL, template: URL) -> URL:
    """Copy a database that nobody is connected to."""
    return _created(server, f"copy_{uuid4().hex[:12]}", f"TEMPLATE {template.database} STRATEGY FILE_COPY")


def _created(server: URL, name: str, how: str = "") -> URL:
    async def create() -> None:
        connection = await asyncpg.connect(server.set(drivername="postgresql").render_as_string(hide_password=False))
        await connection.execute(f"CREATE DATABASE {name} {how}")
        await connection.close()

    asyncio.run(create())
    return server.set(database=name)


async def until_somebody_waits(connection: AsyncConnection, *, people: int = 1) -> None:
    """Come back as soon as another transaction of the database waits for a lock, or several do."""
    async with asyncio.timeout(PATIENCE):
        while (await connection.scalar(WAITING) or 0) < people:
            await connection.execute(AFRESH)
            await asyncio.sleep(0.02)


async def stand_at(database: URL, revision: str) -> None:
    """Have a database say that it is at a revision."""
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    await engine.dispose()


async def all_at_once(engine: AsyncEngine, table: str, *wishes: Awaitable[Response]) -> list[Response]:
    """Let people do something at the same moment: none writes a row of a table before all of them wait."""
    async with engine.connect() as holding:
        await holding.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
        doing = [asyncio.ensure_future(wish) for wish in wishes]
        await until_somebody_waits(holding, people=len(doing))
        await holding.rollback()
    return await asyncio.gather(*doing)
