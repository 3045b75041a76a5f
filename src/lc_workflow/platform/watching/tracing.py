"""Whether requests and jobs are followed through the house, and the place in a trace where work runs."""

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Final

from litestar.types import ASGIApp
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

TRACEPARENT: Final[ContextVar[str | None]] = ContextVar("traceparent", default=None)
"""What the running work hands on to what it asks for, as W3C's `traceparent`; None while nothing is followed."""


class Tracing:
    """Follows nothing, and costs nothing: what an installation has that names no collector."""

    on = False

    def around(self, app: ASGIApp) -> ASGIApp:
        """Follow each request through the app."""
        return app

    def watch_database(self, engine: AsyncEngine) -> None:
        """Note the statements that are sent for what is followed."""

    def watch_redis(self, redis: Redis) -> None:
        """Note the commands that are sent for what is followed."""

    def following(
        self,
        name: str,  # noqa: ARG002 - for those who follow
        *,
        asked_by: str | None = None,  # noqa: ARG002 - as above
        **about: str | int | None,  # noqa: ARG002 - as above
    ) -> AbstractContextManager[None]:
        """Follow work that no request waits for; `asked_by` is the `traceparent` of whoever asked for it."""
        return nullcontext()

    async def end(self) -> None:
        """Hand over what has been noted and not yet told."""


NO_TRACING: Final = Tracing()
