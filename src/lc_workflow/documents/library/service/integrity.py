"""Whether the store still holds what was uploaded."""

import hashlib
from contextlib import aclosing
from dataclasses import dataclass

from lc_workflow.documents.library.models import File
from lc_workflow.kernel.errors import Missing
from lc_workflow.platform.storage.base import ObjectStore


@dataclass(frozen=True, slots=True)
class Measured:
    """What the store holds: its SHA-256 and its size in bytes, both absent where it holds nothing."""

    sha256: bytes | None
    size: int | None


async def measured(store: ObjectStore, file: File) -> Measured:
    """Read the whole file, piece by piece, and calculate its SHA-256.

    Raises:
        Unavailable: The store cannot be used now.
    """
    digest, size = hashlib.sha256(), 0
    try:
        async with aclosing(await store.get(file.key)) as chunks:
            async for piece in chunks:
                digest.update(piece)
                size += len(piece)
    except Missing:
        return Measured(None, None)
    return Measured(digest.digest(), size)
