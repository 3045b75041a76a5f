"""Examining an upload before it is stored: its size, its type by content, and what is wrong with it."""

import hashlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from io import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast

import anyio.to_thread

from lc_workflow.documents.rules.uploads import (
    HarmfulContent,
    check_size,
    check_type,
)
from lc_workflow.platform.pictures.decoding import Facts, facts_of, turn_upright
from lc_workflow.platform.pictures.files import Anatomy, anatomy_of, write_clean
from lc_workflow.platform.storage.base import CHUNK
from lc_workflow.platform.storage.dangers import danger_in
from lc_workflow.platform.storage.sniffing import content_type_of

IN_MEMORY: Final = 256 * 1024
"""Bytes of a rewritten picture held in memory; the rest goes to disk."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What is stored of an upload: `source` at its start, its size in bytes, its type and SHA-256.

    `arrived_sha256` is that of the uploaded bytes, when something else is stored: a picture turned upright, or without
    metadata.
    """

    source: IO[bytes]
    size: int
    mime_type: str
    sha256: bytes
    arrived_sha256: bytes | None = None
    facts: Facts | None = None


@asynccontextmanager
async def examined(source: IO[bytes], *, most_bytes: int, types: Collection[str]) -> AsyncIterator[Examined]:
    """Examine an upload by its content, and provide what is to be stored as long as the block runs.

    Raises:
        EmptyFile: There is nothing in it.
        FileTooLarge: There is too much in it.
        TypeNotAllowed: Its content is of a kind that is not taken, whatever its name says.
        HarmfulContent: It would run something, is two kinds at once, or unpacks without end.
        NotAPicture: It is a picture that is broken.
        PictureTooLarge: It is a picture of more pixels than can be decoded.
    """
    found, anatomy = await anyio.to_thread.run_sync(partial(_judged, source, most_bytes, types))
    turned = found.facts is not None and found.facts.turned
    if anatomy is None or not (turned or anatomy.carries or anatomy.end < anatomy.size):
        yield found
        return
    with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
        clean = cast(IO[bytes], spool)
        if turned:
            await turn_upright(source, clean, found.mime_type)
        else:
            await anyio.to_thread.run_sync(write_clean, source, anatomy, clean)
        yield await anyio.to_thread.run_sync(partial(_cleaned, clean, found))


def _judged(source: IO[bytes], most_bytes: int, types: Collection[str]) -> tuple[Examined, Anatomy | None]:
    """Check everything that needs no decoding; it blocks, so it runs in a thread."""
    size = source.seek(0, SEEK_END)
    check_size(size, most=most_bytes)
    mime_type = check_type(content_type_of(source), allowed=types)
    if danger := danger_in(source, mime_type):
        raise HarmfulContent(danger)
    anatomy = facts = None
    if mime_type.startswith("image/"):
        facts = facts_of(source)
        anatomy = anatomy_of(source, mime_type)
        if mime_type == "image/gif" and _more(source, anatomy):
            raise HarmfulContent("There is more in this file than a picture; save the picture anew.")
    return Examined(source, size, mime_type, digest_of(source), facts=facts), anatomy


def _more(source: IO[bytes], anatomy: Anatomy) -> bool:
    """Whether there is something after the end of a GIF, where cameras write nothing."""
    source.seek(anatomy.end)
    more = any(piece.strip(b"\0 \t\r\n") for piece in iter(partial(source.read, CHUNK), b""))
    source.seek(0)
    return more


def _cleaned(clean: IO[bytes], found: Examined) -> Examined:
    size = clean.seek(0, SEEK_END)
    return Examined(clean, size, found.mime_type, digest_of(clean), arrived_sha256=found.sha256, facts=found.facts)


def digest_of(source: IO[bytes]) -> bytes:
    """The SHA-256 of all bytes of a file, which is left at its start."""
    source.seek(0)
    digest = hashlib.file_digest(source, "sha256").digest()  # type: ignore[arg-type]  # it reads any binary file
    source.seek(0)
    return digest
