"""How a serving process ends in order."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Final, cast

import structlog

PATIENCE_SECONDS: Final = 6.0
"""How long running requests may take; then they are cut off, because the server would wait for ever."""

FAREWELL_SECONDS: Final = 0.5
"""How long what is cut off may take to say so."""

LONGEST_SECONDS: Final = 8.0
"""After this long the process is gone in any case: sooner than Granian and hosting platforms would kill it. Granian
waits for ever for a client that does not read its answer."""

_log = structlog.stdlib.get_logger()


class Departure:
    """Whether this process was asked to end, and which requests are still running."""

    def __init__(self) -> None:
        self.asked = False
        """No new request should be sent here any more."""
        self._inside: set[asyncio.Task[object]] = set()

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Count the request or socket served by this task as running."""
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._inside.add(task)
        try:
            yield
        finally:
            self._inside.discard(task)

    @contextmanager
    def heard(self, tell: Callable[[], None]) -> Iterator[None]:
        """Receive SIGTERM before the server does: call `tell`, wait for running requests, and only then pass it on.

        Requests that come meanwhile are waited for afterwards, when no more can come.

        Granian waits for open answers for ever, even when a client has stopped sending or reading; but it cuts web
        sockets before they can say farewell, or hangs on what they still had to send. It keeps SIGINT, by which it is
        told to end. A server that does not handle both signals is left alone.
        """
        if not _server_hears(signal.SIGTERM) or not _server_hears(signal.SIGINT):
            yield
            return
        loop = asyncio.get_running_loop()
        leaving: set[asyncio.Task[None]] = set()

        def leave() -> None:
            if not self.asked:
                self.asked = True
                leaving.add(loop.create_task(self._leave(tell)))

        # Python's own handler also receives signals while the loop rests between starting and serving.
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, lambda _, __: loop.call_soon_threadsafe(leave))
        signal.siginterrupt(signal.SIGTERM, False)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is ending already

    async def _leave(self, tell: Callable[[], None]) -> None:
        # The kernel's own alarm, because Python may be stuck by then.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
        tell()
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        await _see_out(set(self._inside), until=until)
        signal.raise_signal(signal.SIGINT)  # from here on the server accepts no connections
        await _see_out(set(self._inside), until=until)


async def _see_out(inside: set[asyncio.Task[object]], *, until: float) -> None:
    """Wait for these to finish, and cut off those that do not."""
    if not inside:
        return
    _, late = await asyncio.wait(inside, timeout=max(0.0, until - asyncio.get_running_loop().time()))
    if late:
        _log.warning("what was not finished is broken off", number=len(late))
        for task in late:
            task.cancel()
        await asyncio.wait(late, timeout=FAREWELL_SECONDS)


@asynccontextmanager
async def side_by_side(*parts: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
    """Enter parts one after another, run them side by side, and end them side by side."""
    for part in parts:
        await part.__aenter__()
    try:
        yield
    finally:
        await asyncio.gather(*(part.__aexit__(None, None, None) for part in parts))


def _server_hears(number: signal.Signals) -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    handler = signal.getsignal(number)
    return callable(handler) and handler is not signal.default_int_handler
