"""What signals do to a process that still loads, and to one on a command line."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def end_at_once_on_signals() -> None:
    """Let a process that still loads end as any other does.

    Granian's workers begin as copies of a process that takes signals for itself, and would not hear them for seconds.
    What came before is noted in the copy of that process's server, where nobody looks any more.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.signal(number, signal.SIG_DFL)
        if getattr(getattr(before, "__self__", None), "interrupt_signal", False):
            signal.raise_signal(number)


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


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Let a command that is told to end be broken off as by Ctrl-C, so that it clears away what it has begun."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)

    ending = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL
    ]  # nohup keeps us alive
    for number in ending:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)
