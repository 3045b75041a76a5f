"""The moments at which tests happen."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
"""Noon in Phnom Penh, on an ordinary Tuesday."""

PATIENCE = 60.0
"""Seconds that a test waits for what must come: it takes a moment, and far longer where a machine is busy."""


@contextmanager
def standing_still() -> Iterator[Callable[[float], None]]:
    """Stop the clock by which the running loop ends its waits; gives what lets so many seconds pass.

    However long a busy machine holds a test up, meanwhile no time passes: what must not be over yet is not.
    """
    loop = asyncio.get_running_loop()
    now = loop.time()

    def let_pass(seconds: float) -> None:
        nonlocal now
        now += seconds

    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(loop, "time", lambda: now)
        yield let_pass
