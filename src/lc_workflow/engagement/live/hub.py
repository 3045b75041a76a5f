"""Who is online in this process, what they listen to, and what waits to be sent to them."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.broadcast import Broadcast
from lc_workflow.platform.http.answers import ENCODER

MOST_WAITING: Final = 100
"""Messages that wait for a slow reader; one more, and the reader is dropped."""


class Ear:
    """One open socket: what its person may hear, what it asked for, and what waits to be sent."""

    def __init__(self, person: Principal) -> None:
        self.person = person
        self.allowed = frozenset({"general", f"user:{person.id}", *(f"role:{role}" for role in person.roles)})
        self.patterns: set[str] = set()
        self.too_slow = asyncio.Event()
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    def say(self, message: Struct | Mapping[str, Any]) -> None:
        """Put a message at the end of what waits."""
        self.say_written(_written(message))

    def say_written(self, text: str) -> None:
        """Put a message that is written already at the end of what waits; nobody else waits for this reader."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.too_slow.set()

    async def next(self) -> str:
        """Wait for the next message to send."""
        return await self._waiting.get()


class Hub:
    """Hands what arrives for a pattern to the sockets of this process that listen to it."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._ears: set[Ear] = set()
        broadcast.receive_with(self._hand_out)

    @contextmanager
    def listening(self, person: Principal) -> Iterator[Ear]:
        """Count a socket among those that are open, while the block runs."""
        self._ears.add(ear := Ear(person))
        try:
            yield ear
        finally:
            self._ears.discard(ear)

    def _hand_out(self, pattern: str, message: Mapping[str, Any]) -> None:
        if ears := [ear for ear in self._ears if pattern in ear.patterns]:
            text = _written(message)
            for ear in ears:
                ear.say_written(text)


def _written(message: Struct | Mapping[str, Any]) -> str:
    return ENCODER.encode(message).decode()
