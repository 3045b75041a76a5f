"""The end of an application: the engine is closed when nothing works with it any more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from advanced_alchemy.config import SQLAlchemyAsyncConfig
from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import URL, event

from lc_workflow.platform.db.sessions import RequestSessions


async def test_the_engine_is_closed_after_what_works_with_it() -> None:
    ended: list[str] = []

    @asynccontextmanager
    async def working(_: Litestar) -> AsyncIterator[None]:
        yield
        ended.append("the work")

    config = SQLAlchemyAsyncConfig(connection_string=URL.create("postgresql+asyncpg").render_as_string())
    event.listen(config.get_engine().sync_engine, "engine_disposed", lambda _: ended.append("the engine"))
    async with AsyncTestClient(Litestar(lifespan=[working], plugins=[RequestSessions(config)])):
        assert ended == []

    assert ended == ["the work", "the engine"]
