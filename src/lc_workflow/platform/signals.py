"""How signals end a process that is still loading, and one on a command line."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def end_at_once_on_signals() -> None:
    """Let a process that is still loading be ended by signals.

    Granian's workers begin as copies of a process that handles signals itself, and would ignore them for seconds. A
    signal that came before is noted only in the copy of that process's server, where nobody looks any more.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.signal(number, signal.SIG_DFL)
        if getattr(getattr(before, "__self__", None), "interrupt_signal", False):
            signal.raise_signal(number)


def end_in_order_on_signals() -> None:
    """Turn the first signal into an orderly end that closes what is open; ignore later ones."""
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
    """Let signals interrupt a command as Ctrl-C does, so that it cleans up."""
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
