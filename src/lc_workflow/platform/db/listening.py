"""One connection of each process on which the database tells what was committed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

LISTENER: Final = "lc-workflow listener"
"""How the connection that listens calls itself in `pg_stat_activity`."""

LONGEST_SLEEP: Final = 30.0
"""Seconds after which the connection is tried: one that a proxy has dropped looks open until it is used."""

ENDING_SECONDS: Final = 2.0
"""How long to wait at the end for the connection to close in order."""

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Ear:
    """What listens to a channel: `heard` is called for each notice and once at first; `deaf` when none can arrive."""

    heard: Callable[[], None]
    deaf: Callable[[], None] = lambda: None


class Listening:
    """Holds a connection outside the pool on some channels, and opens it again whenever it is lost."""

    def __init__(self, ears: Mapping[str, Ear]) -> None:
        self._ears = ears
        self._ending = asyncio.Event()
        self._stirred = asyncio.Event()
        """The connection was lost, or nobody listens any more."""
        self._lacks = False
        """It was said that there is no connection."""

    @asynccontextmanager
    async def running(self, engine: AsyncEngine) -> AsyncIterator[None]:
        """Listen in the background while the block runs."""
        work = asyncio.create_task(self._keep_listening(engine))
        try:
            yield
        finally:
            self._ending.set()
            self._stirred.set()
            # Wait first: cancelling a connection while it opens would leave it open.
            await asyncio.wait([work], timeout=ENDING_SECONDS)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _keep_listening(self, engine: AsyncEngine) -> None:
        while not self._ending.is_set():
            try:
                await self._listen(engine)
            except Exception as cause:  # noqa: BLE001 - whatever answered there, nobody else would listen again
                if not self._lacks:  # once an outage, not once a second
                    _log.warning("the database's channels were lost; they are opened again", cause=type(cause).__name__)
                self._lacks = True
                await at_most(1, self._ending)

    async def _listen(self, engine: AsyncEngine) -> None:
        _, arguments = engine.dialect.create_connect_args(engine.url)
        connection: asyncpg.Connection[Any] = await asyncpg.connect(
            **arguments, timeout=5, server_settings={"application_name": LISTENER}
        )
        try:
            self._stirred.clear()
            connection.add_termination_listener(lambda _: self._lost())
            for channel, ear in self._ears.items():
                await connection.add_listener(channel, lambda *_, heard=ear.heard: heard())
            for ear in self._ears.values():
                ear.heard()
            if self._lacks:
                _log.info("the database's channels are open again")
            self._lacks = False
            while not self._ending.is_set():
                await at_most(LONGEST_SLEEP, self._stirred)
                await connection.execute("SELECT 1", timeout=5)
        finally:
            connection.terminate()
            self._lost()

    def _lost(self) -> None:
        for ear in self._ears.values():
            ear.deaf()
        self._stirred.set()


async def at_most(seconds: float, event: asyncio.Event) -> None:
    """Wait for an event, at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
