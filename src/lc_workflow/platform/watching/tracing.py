"""Whether requests and jobs are traced, and the place in a trace where code runs."""

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Final

from litestar.types import ASGIApp
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

TRACEPARENT: Final[ContextVar[str | None]] = ContextVar("traceparent", default=None)
"""W3C's `traceparent` of the running work, passed on to what it asks for; None while nothing is traced."""


class Tracing:
    """Traces nothing, and costs nothing: for installations without a collector."""

    on = False

    def around(self, app: ASGIApp) -> ASGIApp:
        """Trace each request through the app."""
        return app

    def watch_database(self, engine: AsyncEngine) -> None:
        """Record the statements of what is traced."""

    def watch_redis(self, redis: Redis) -> None:
        """Record the commands of what is traced."""

    def following(
        self,
        name: str,  # noqa: ARG002 - for those who follow
        *,
        asked_by: str | None = None,  # noqa: ARG002 - as above
        **about: str | int | None,  # noqa: ARG002 - as above
    ) -> AbstractContextManager[None]:
        """Trace work that no request waits for; `asked_by` is the `traceparent` of whoever asked for it."""
        return nullcontext()

    async def end(self) -> None:
        """Send what has been recorded."""


NO_TRACING: Final = Tracing()
