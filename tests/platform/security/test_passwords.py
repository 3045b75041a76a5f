"""Hashing a password takes a third of a second, and nobody else waits for it."""

import os
import sys
import threading

import pytest

from lc_workflow.platform.security.passwords import GIVES_WAY, Passwords


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own here")
async def test_threads_that_hash_give_way_to_everything_else() -> None:
    passwords = Passwords(cost=4)
    assert await passwords.matches("a good password", await passwords.hash("a good password"))
    hashing = [each.native_id for each in threading.enumerate() if each.name.startswith("bcrypt") and each.native_id]
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert hashing
    assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in hashing} == {min(ours + GIVES_WAY, 19)}
