"""Who is online in this process, what they listen to, and what waits to be sent to them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct

from lc_workflow.kernel.errors import TooMany, Unavailable
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.broadcast import Broadcast
from lc_workflow.platform.http.answers import ENCODER

MOST_WAITING: Final = 100
"""Messages that may wait for a slow reader; one more, and the reader is disconnected."""

MOST_OF_ONE: Final = 20
"""Connections one person may hold open to one process; each page of the web app needs one."""

MOST_OF_ALL: Final = 3_000
"""Connections one process holds open: fewer than Granian accepts, so that there is room for requests."""

RETRY_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why the server closes a socket."""

    code: int
    reason: str


TOO_SLOW: Final = Farewell(1013, "Messages were not read fast enough; connect again.")
RESTARTING: Final = Farewell(1012, "The server restarts; connect again.")


class TooManyConnections(TooMany):
    """A person holds as many live connections as they may."""


class NoRoom(Unavailable):
    """This process has as many live connections as it can hold."""


class Ear:
    """One open connection: what its person may listen to, what it asked for, and what waits to be sent."""

    def __init__(self, person: Principal, hub: "Hub") -> None:
        self.person = person
        self.own = f"user:{person.id}"
        self.allowed = frozenset({"general", self.own, *(f"role:{role}" for role in person.roles)})
        self.patterns: set[str] = set()
        self.over = asyncio.Event()
        self.farewell: Farewell | None = None
        self._hub = hub
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    def listen(self, *patterns: str) -> None:
        """Also listen to these patterns from now on."""
        self.patterns.update(patterns)
        self._hub.tell_of(self, patterns)

    def leave(self) -> None:
        """Stop listening, and make room for others."""
        self._hub.forget(self)

    def say(self, message: Struct | Mapping[str, Any]) -> None:
        """Queue a message."""
        self.say_written(_written(message))

    def say_written(self, text: str) -> None:
        """Queue an encoded message; a reader who is too slow is disconnected."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.end(TOO_SLOW)
            self.leave()  # a client that stopped reading may never accept a farewell

    def end(self, farewell: Farewell) -> None:
        """Have the connection closed, with this reason."""
        self.farewell = self.farewell or farewell
        self.over.set()

    async def next(self) -> str:
        """Wait for the next message to send."""
        return await self._waiting.get()


class Hub:
    """Passes messages for a pattern to the connections of this process that listen to it."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._ears: set[Ear] = set()
        self._listening: dict[str, set[Ear]] = {}
        self._held: dict[str, set[Ear]] = {}
        self._ends = False
        self._most_of_one = MOST_OF_ONE
        self._most_of_all = MOST_OF_ALL
        broadcast.receive_with(self._hand_out)

    @contextmanager
    def listening(self, person: Principal) -> Iterator[Ear]:
        """Count a connection among those that are open, while the block runs.

        Raises:
            TooManyConnections: The person holds as many as they may.
            NoRoom: The process holds as many as it can.
        """
        ear = Ear(person, self)
        if len(self._held.get(ear.own, ())) >= self._most_of_one:
            raise TooManyConnections(
                f"You have {self._most_of_one} live connections open; close a page.", retry_after=RETRY_SECONDS
            )
        if len(self._ears) >= self._most_of_all:
            raise NoRoom("There is no room for another live connection; try again later.", retry_after=RETRY_SECONDS)
        self._ears.add(ear)
        self._held.setdefault(ear.own, set()).add(ear)
        if self._ends:
            ear.end(RESTARTING)
        try:
            yield ear
        finally:
            ear.leave()

    def end(self) -> None:
        """Close every connection, because the process ends."""
        self._ends = True
        for ear in self._ears:
            ear.end(RESTARTING)

    def tell_of(self, ear: Ear, patterns: Iterable[str]) -> None:
        """Send a connection what arrives for the patterns, unless it has left."""
        for pattern in patterns if ear in self._ears else ():
            self._listening.setdefault(pattern, set()).add(ear)

    def forget(self, ear: Ear) -> None:
        """Send a connection nothing any more, and make room for others."""
        if ear not in self._ears:
            return
        self._ears.discard(ear)
        self._held[ear.own].discard(ear)
        if not self._held[ear.own]:
            del self._held[ear.own]
        for pattern in ear.patterns:
            self._listening[pattern].discard(ear)
            if not self._listening[pattern]:
                del self._listening[pattern]

    def _hand_out(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Give a message to whoever listens to its pattern.

        What is broadcast comes to each person by themselves, with their own notification's id, and names the pattern it
        was said to: their connections that listen to that one alone hear it too.
        """
        said_to = message.get("pattern")
        also = {ear for ear in self._held.get(pattern, ()) if said_to in ear.patterns}
        if ears := also.union(self._listening.get(pattern, ())):
            text = _written(message)
            for ear in ears:
                ear.say_written(text)


def _written(message: Struct | Mapping[str, Any]) -> str:
    return ENCODER.encode(message).decode()
