"""What a process does when it is asked to end."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ASKED_TO_END: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_of_the_end(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` in the running loop when the process is asked to end, besides what the server does then.

    The server waits for open answers before it ends the lifespan, so one that has no end of its own has to hear of it
    earlier. asyncio hears signals through a file descriptor and leaves the handler itself free; signals that nobody
    has taken are left alone.
    """
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: taken for number in ASKED_TO_END if callable(taken := signal.getsignal(number))}

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        before[signal.Signals(number)](number, frame)

    for number in before:
        signal.signal(number, hear)
        signal.siginterrupt(number, False)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
