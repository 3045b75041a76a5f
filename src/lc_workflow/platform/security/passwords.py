"""Password hashing with bcrypt, in a few threads beside the event loop."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import bcrypt

LONGEST: Final = 72
"""bcrypt reads no more bytes than this, so a longer password is refused instead of being cut."""

NOBODY: Final = "$2b${:02}$" + 53 * "."
"""A hash that no known password matches; checking one takes as long as with any other of its cost."""

MOST_THREADS: Final = 2
"""How many passwords are hashed at a time, at most."""

GIVES_WAY: Final = 12
"""How much lower than the event loop the priority of a hashing thread is, in steps of `nice`."""


class Passwords:
    """Hashes and checks passwords, so many at a time; `cost` is bcrypt's work factor (2^cost rounds)."""

    def __init__(self, *, cost: int = 12, at_a_time: int | None = None) -> None:
        """Open the threads; unless `at_a_time` says how many, one processor is left to everything else."""
        self._cost = cost
        self._threads = ThreadPoolExecutor(at_a_time or _beside_one(), "bcrypt", _give_way)
        self._nobody = NOBODY.format(cost)

    async def hash(self, password: str) -> str:
        """Hash a password of at most 72 bytes."""
        salt = bcrypt.gensalt(self._cost)
        loop = asyncio.get_running_loop()
        return (await loop.run_in_executor(self._threads, bcrypt.hashpw, password.encode(), salt)).decode()

    async def matches(self, password: str, digest: str | None) -> bool:
        """Check a password; without a digest (no such account) the same work is done and the answer is no."""
        secret = password.encode()
        known = (digest or self._nobody).encode()
        same = await asyncio.get_running_loop().run_in_executor(self._threads, bcrypt.checkpw, secret[:LONGEST], known)
        return same and digest is not None and len(secret) <= LONGEST


def _beside_one() -> int:
    """How many threads leave one processor alone, if there are several: each takes a whole one while it hashes."""
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(MOST_THREADS, max(1, processors - 1))


def _give_way() -> None:
    """Lower the thread's priority: a hash takes a third of a second anyway, everything else goes first."""
    if sys.platform == "linux":  # where each thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + GIVES_WAY)
