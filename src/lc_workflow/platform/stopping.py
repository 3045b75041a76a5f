"""What a process does when it is asked to end."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

PATIENCE_SECONDS: Final = 4.0
"""How long what has begun may take before the server is told to end, which then waits for open answers by itself."""


class Departure:
    """Whether this process was asked to end, and who is still inside then."""

    def __init__(self) -> None:
        self.asked = False
        """Nobody new should be sent here any more."""
        self._inside = 0
        self._empty = asyncio.Event()

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Have a request or a socket waited for, unless it comes after we were asked to end."""
        if self.asked:
            yield
            return
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if self.asked and not self._inside:
                self._empty.set()

    @contextmanager
    def heard(self, tell: Callable[[], None]) -> Iterator[None]:
        """Hear SIGTERM before the server does: call `tell`, wait for who is inside, and only then pass it on.

        Granian waits for open answers, but not for web sockets: it cuts them before they can say farewell, and may even
        hang for ever on what they still had to send. It keeps SIGINT, through which it is told to end. A server that
        does not hear both signals is left alone.
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
        tell()
        if self._inside:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._empty.wait()
        signal.raise_signal(signal.SIGINT)


def _server_hears(number: signal.Signals) -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    handler = signal.getsignal(number)
    return callable(handler) and handler is not signal.default_int_handler


def end_at_once_on_signals() -> None:
    """Let a process that still loads end as any other does.

    Granian's workers begin as copies of a process that takes signals for itself, and would not hear them for seconds.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def end_in_order_on_signals() -> None:
    """Turn the first signal into an ordinary end, which closes what is open; later ones must not disturb that."""
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(_: int, __: FrameType | None) -> None:
        for number in ending:
            signal.signal(number, signal.SIG_IGN)
        sys.exit(0)

    for number in ending:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup keeps us alive
            signal.signal(number, end)
