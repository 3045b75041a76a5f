"""Archives written while they are sent, in constant memory."""

import zipfile
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.platform.storage.base import Chunks

MEDIA_TYPE: Final = "application/zip"
FIRST: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest moment the format can hold; a server without a clock would write 1970."""

LARGE: Final = 2_000_000_000
"""Bytes from which an entry needs ZIP64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file of the archive: its `chunks` as they come, stored as they are, or its `content`, which is packed."""

    name: str
    at: datetime
    size: int
    chunks: Chunks | None = None
    content: bytes = b""


class _Sink:
    """A buffer that the archive is written to and taken from; it cannot seek, which zipfile accepts."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


async def zipped(entries: AsyncIterable[Entry]) -> AsyncIterator[bytes]:
    """Write entries one after another; names are UTF-8, and moments those of the branches.

    A store that fails in the middle cuts the archive off, so that nobody takes half of it for the whole.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # it only writes to it
        async for entry in entries:
            packed = zipfile.ZIP_STORED if entry.chunks else zipfile.ZIP_DEFLATED
            head = zipfile.ZipInfo(entry.name, max(entry.at.astimezone(PHNOM_PENH).timetuple()[:6], FIRST))
            head.compress_type = packed
            with archive.open(head, "w", force_zip64=entry.size >= LARGE) as target:
                if entry.chunks is None:
                    target.write(entry.content)
                else:
                    async with aclosing(entry.chunks) as chunks:
                        async for piece in chunks:
                            target.write(piece)
                            yield sink.take()
            yield sink.take()
    yield sink.take()


def distinct(names: Iterator[str]) -> Iterator[str]:
    """Make every name unique; repeated ones get a number before their ending."""
    seen: set[str] = set()
    for name in names:
        stem, dot, ending = name.rpartition(".")
        candidate, number = name, 1
        while candidate.casefold() in seen:
            number += 1
            candidate = f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"
        seen.add(candidate.casefold())
        yield candidate
