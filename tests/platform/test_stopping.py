"""Who is inside when a process is asked to end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lc_workflow.platform.stopping import Departure


@pytest.fixture
def passed_on() -> Iterator[list[int]]:
    """The signals that a server hears after us, as Granian keeps both."""
    heard: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda number, _: heard.append(number))
    yield heard
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_who_comes_while_others_finish_is_waited_for_when_nobody_new_is_let_in(passed_on: list[int]) -> None:
    departure, finished = Departure(), []

    async def visit(name: str, seconds: float) -> None:
        with departure.visit():
            await asyncio.sleep(seconds)
            finished.append((name, [*passed_on]))

    with departure.heard(lambda: None):
        early = asyncio.create_task(visit("early", 0.2))
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.1)
        late = asyncio.create_task(visit("late", 0.3))
        await asyncio.wait([early, late])
    assert finished == [("early", []), ("late", [signal.SIGINT])]


def test_a_worker_that_was_told_to_end_before_it_could_hear_ends() -> None:
    told = """
import os, signal
from granian._signals import set_main_signals
from granian.server.mp import MPServer
from lc_workflow.platform.signals import end_at_once_on_signals
server = MPServer("lc_workflow.asgi:create_app")
set_main_signals(server.signal_handler_interrupt)
os.kill(os.getpid(), signal.SIGTERM)
end_at_once_on_signals()
"""
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == -signal.SIGTERM
