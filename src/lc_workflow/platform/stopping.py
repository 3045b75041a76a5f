"""What a process that serves does when it is asked to end."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Final, cast

import structlog

PATIENCE_SECONDS: Final = 6.0
"""How long what has begun may take; then it is broken off, because the server would wait for it for ever."""

FAREWELL_SECONDS: Final = 0.5
"""How long what is broken off may take to say so."""

LONGEST_SECONDS: Final = 8.0
"""After this long the process is gone, whoever still holds it: less than what Granian and platforms wait before they
kill. Granian waits for ever for a client that does not read its answer."""

_log = structlog.stdlib.get_logger()


class Departure:
    """Whether this process was asked to end, and who is still inside then."""

    def __init__(self) -> None:
        self.asked = False
        """Nobody new should be sent here any more."""
        self._inside: set[asyncio.Task[object]] = set()

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Count the request or socket that this task serves among those that are inside."""
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._inside.add(task)
        try:
            yield
        finally:
            self._inside.discard(task)

    @contextmanager
    def heard(self, tell: Callable[[], None]) -> Iterator[None]:
        """Hear SIGTERM before the server does: call `tell`, wait for who is inside, and only then pass it on.

        Who comes meanwhile is waited for after that, when nobody can come any more.

        Granian waits for open answers for ever, be it that a client has stopped to send or to read; but it cuts web
        sockets before they can say farewell, or hangs on what they still had to send. It keeps SIGINT, through which it
        is told to end. A server that does not hear both signals is left alone.
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

        # Python's own handler hears also what comes while the loop rests between starting and serving.
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, lambda _, __: loop.call_soon_threadsafe(leave))
        signal.siginterrupt(signal.SIGTERM, False)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already

    async def _leave(self, tell: Callable[[], None]) -> None:
        # The kernel's own alarm: Python may not be able to do anything any more then.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
        tell()
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        await _see_out(set(self._inside), until=until)
        signal.raise_signal(signal.SIGINT)  # from here on the server lets nobody in
        await _see_out(set(self._inside), until=until)


async def _see_out(inside: set[asyncio.Task[object]], *, until: float) -> None:
    """Wait for these to finish, and break off who does not."""
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
    """Have parts run, each of which only begins to work when it is entered, and end them side by side."""
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
