"""The session of a request: opened when something asks for it, closed when its answer goes out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from advanced_alchemy.config import SQLAlchemyAsyncConfig
from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.constants import HTTP_DISCONNECT, HTTP_RESPONSE_START, WEBSOCKET_CLOSE, WEBSOCKET_DISCONNECT
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins import InitPlugin
from litestar.types import Message, Scope
from sqlalchemy.ext.asyncio import AsyncSession

SESSION: Final = "db_session"
"""The name under which handlers ask for it and the request keeps it."""

LAST_WORDS: Final = frozenset({HTTP_RESPONSE_START, HTTP_DISCONNECT, WEBSOCKET_DISCONNECT, WEBSOCKET_CLOSE})


class RequestSessions(InitPlugin):
    """Gives each request a session of its own, and closes the engine when the application ends.

    advanced-alchemy's plugin does the same, but loads alembic and two command lines into each worker: 11 MB.
    """

    def __init__(self, config: SQLAlchemyAsyncConfig) -> None:
        self._config = config
        self._open = config.create_session_maker()

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Provide the sessions, and close them and the engine."""
        app_config.dependencies[SESSION] = Provide(self.session, sync_to_thread=False)
        app_config.before_send.append(_close)
        app_config.lifespan.insert(0, self._engine_closed)  # closed last, after everything that uses it has ended
        return app_config

    def session(self, state: State, scope: Scope) -> AsyncSession:  # noqa: ARG002 - the library calls it by these names
        """The session of this request."""
        session: AsyncSession | None = scope["state"].get(SESSION)
        if session is None:
            session = scope["state"][SESSION] = self._open()
        return session

    @asynccontextmanager
    async def _engine_closed(self, _: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self._config.get_engine().dispose()


async def _close(message: Message, scope: Scope) -> None:
    if message["type"] in LAST_WORDS and (session := scope["state"].pop(SESSION, None)):
        await session.close()
