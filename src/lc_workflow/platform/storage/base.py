"""What every object store can do, whichever one is behind it."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Final, Protocol, Self

import anyio.to_thread
from anyio import CapacityLimiter

from lc_workflow.kernel.errors import Invalid, Unavailable

CHUNK: Final = 256 * 1024
"""How many bytes are read at a time."""

WALKED_AT_ONCE: Final = 500

ASK_AGAIN: Final = 10
"""Seconds after which a store that was down is tried again."""

KEY: Final = re.compile(r"(?=.{1,200}\Z)[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*")


class BadKey(Invalid):
    """The key does not have the form of our keys; nothing is looked up under it."""


class Chunks:
    """The bytes of one object, piece by piece in constant memory.

    Read it to the end or `aclose()` it; both give the connection or the open file back.
    """

    def __init__(self, read: Callable[[], bytes], close: Callable[[], None], limiter: CapacityLimiter) -> None:
        """`read` returns the next piece (empty at the end) and may block; `close` must not."""
        self._read = read
        self._close = close
        self._limiter = limiter

    def __aiter__(self) -> Self:
        """Read from where the last piece ended."""
        return self

    async def __anext__(self) -> bytes:
        """Read one piece in a thread.

        Raises:
            Unavailable: The store broke off in the middle.
        """
        try:
            piece = await anyio.to_thread.run_sync(self._read, limiter=self._limiter)
        except BaseException:  # a cancelled download closes its file as well
            self._close()
            raise
        if not piece:
            self._close()
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Stop before the end."""
        self._close()


@dataclass(frozen=True, slots=True)
class Kept:
    """One object of a store: its key, its size in bytes, and when it was stored."""

    key: str
    size: int
    at: datetime


async def walked(found: Iterator[Kept], limiter: CapacityLimiter) -> AsyncIterator[Kept]:
    """Iterate over something that blocks, a few hundred at a time in a thread."""
    while batch := await anyio.to_thread.run_sync(lambda: list(islice(found, WALKED_AT_ONCE)), limiter=limiter):
        for kept in batch:
            yield kept


class ObjectStore(Protocol):
    """Keeps the bytes of files under keys; their names and owners are kept elsewhere.

    A key is lower-case letters, digits, `.`, `_`, `-` in parts between slashes, made by the caller from ids and never
    from a person's words. Every verb raises `Unavailable` when the store cannot be reached and `BadKey` for a key of
    another form.
    """

    async def prepare(self) -> None:
        """Make the store ready at the start of the process: its bucket or its folder.

        Raises:
            Unavailable: It cannot be used; the sentence names the variable to look at, never its value.
        """

    async def put(self, key: str, source: IO[bytes], *, size: int, content_type: str) -> None:
        """Keep `size` bytes of `source`, read from where it stands; when this returns they are durable.

        What stood under the key before is replaced; a put that fails leaves it as it was.

        Raises:
            ValueError: `source` holds fewer or more bytes than `size`.
        """

    async def get(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        """Open what is kept under the key, or its bytes from `start` to before `end`, which it must have.

        Raises:
            Missing: Nothing is kept there.
        """

    async def link(
        self, key: str, *, filename: str, content_type: str, lifetime: timedelta, base_url: str, inline: bool = False
    ) -> str:
        """Make an absolute URL that works without an Authorization header until `lifetime` (1 s to 7 days) is over.

        The answer behind it carries `filename` and `content_type`; `inline` asks the browser to show rather than save.
        `base_url` is the address this API is reached at; a store with an address of its own does not need it.
        Whether anything is kept under the key is not asked.
        """

    async def upload_link(self, key: str, *, most_bytes: int, lifetime: timedelta, base_url: str) -> str:
        """Make an absolute URL that a client PUTs the bytes of one object to, without an Authorization header.

        It works until `lifetime` is over, as often as the client tries; the last bytes stay. `most_bytes` is kept by
        a folder of this machine; an S3 store takes any size, so whoever takes the object over looks at `size_of`.
        """

    async def begin_parts(self, key: str, *, content_type: str) -> str:
        """Begin an object that comes in parts, in any order; return the number of this attempt."""

    async def part_link(
        self, key: str, attempt: str, number: int, *, most_bytes: int, lifetime: timedelta, base_url: str
    ) -> str:
        """Make an absolute URL that a client PUTs one part to, counted from 1; see `upload_link`.

        All parts but the last have at least 5 MiB. A part that is sent again replaces the one before.
        """

    async def parts_of(self, key: str, attempt: str) -> dict[int, int]:
        """The parts that have arrived, by number, with their sizes in bytes; none when the attempt is over."""

    async def put_together(self, key: str, attempt: str) -> None:
        """Make one object of all parts that have arrived, in the order of their numbers; this ends the attempt.

        Raises:
            Missing: No part has come, or the attempt is over.
        """

    async def give_up_parts(self, key: str, attempt: str) -> None:
        """Delete the parts that have arrived; it is fine if there are none."""

    async def remove(self, key: str) -> None:
        """Delete what is kept under the key; it is fine if there is nothing."""

    async def move(self, key: str, target: str) -> None:
        """Move the bytes to another key, replacing what was there.

        Raises:
            Missing: Nothing is kept under the key.
        """

    async def size_of(self, key: str) -> int | None:
        """How many bytes are kept under the key, or None when nothing is."""

    def walk(self) -> AsyncIterator[Kept]:
        """Iterate over everything that is kept, except half-written files."""
        ...

    async def ping(self) -> None:
        """Return when the store can be used now, and raise `Unavailable` otherwise."""


def sound(key: str) -> str:
    """Return the key if it has the form of one.

    Raises:
        BadKey: It could lead out of the store, or hold a person's words.
    """
    if not KEY.fullmatch(key):
        raise BadKey("This is no key of a stored file.")
    return key


def out_of_reach() -> Unavailable:
    """The refusal of a store that does not answer; the failure is its cause, for the log."""
    return Unavailable("The files cannot be reached right now; try again in a moment.", retry_after=ASK_AGAIN)
