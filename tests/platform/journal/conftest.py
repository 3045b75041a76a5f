"""A database of one's own, because these tests commit for real."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from structlog.testing import capture_logs
from structlog.typing import EventDict


@pytest.fixture(scope="module")
def database(copy_database: Callable[[], URL]) -> URL:
    return copy_database()


@pytest.fixture
async def pool(database: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        await connection.execute(
            text("SET LOCAL session_replication_role = replica")
        )  # only a superuser gets round history
        await connection.execute(
            text("TRUNCATE journal_entries, journal_threads, journal_anchors, branches RESTART IDENTITY CASCADE")
        )
    yield engine
    await engine.dispose()


@pytest.fixture
def sessions(pool: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(pool, expire_on_commit=False)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What was logged, kept from the screen: failing listeners are what these tests are about."""
    with capture_logs() as logged:
        yield logged
