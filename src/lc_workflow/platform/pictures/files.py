"""The parts of a picture's file, without decoding: what shows the picture, and what else it carries."""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final, TypeAlias

from lc_workflow.kernel.errors import Invalid

Piece: TypeAlias = bytes | tuple[int, int]
"""A part of a file: the bytes themselves, or where they begin and end."""

PIECE: Final = 64 * 1024
MOST_PARTS: Final = 100_000
"""The most segments, chunks or blocks of a file that are read; a GIF of a minute has a few thousand."""

END_OF_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends the coded data of a JPEG: a marker that is neither an escaped byte nor a restart."""


class NotAPicture(Invalid):
    """The file is not a readable picture."""


@dataclass(slots=True)
class Anatomy:
    """The parts of a picture's file.

    `pieces` are what shows the picture, `carries` says whether there is more: notes, places, comments. The picture ends
    at `end`; anything after it, up to `size`, does not belong to it.
    """

    pieces: list[Piece] = field(default_factory=list)
    carries: bool = False
    end: int = 0
    size: int = 0

    def keep(self, start: int, end: int) -> None:
        """Add a part of the file, and put it together with the one before it."""
        last = self.pieces[-1] if self.pieces else b""
        if isinstance(last, tuple) and last[1] == start:
            self.pieces[-1] = (last[0], end)
        else:
            self.pieces.append((start, end))


def anatomy_of(source: IO[bytes], content_type: str) -> Anatomy:
    """Take a picture's file apart, and leave `source` at its start; it may block.

    Raises:
        NotAPicture: It ends before its end, or is put together as no picture is.
    """
    source.seek(0, 2)
    anatomy = Anatomy(size=source.tell())
    try:
        _READERS[content_type](source, anatomy)
    except (struct.error, IndexError) as broken:
        raise _broken() from broken
    finally:
        source.seek(0)
    return anatomy


def write_clean(source: IO[bytes], anatomy: Anatomy, target: IO[bytes]) -> None:
    """Write what shows the picture, byte for byte, and nothing else."""
    for piece in anatomy.pieces:
        if isinstance(piece, bytes):
            target.write(piece)
            continue
        source.seek(piece[0])
        left = piece[1] - piece[0]
        while left:
            part = source.read(min(left, PIECE))
            if not part:
                raise _broken()
            target.write(part)
            left -= len(part)
    source.seek(0)


def _broken() -> NotAPicture:
    return NotAPicture("The picture is broken or ends before its end; take it again.")


def _read(source: IO[bytes], count: int) -> bytes:
    found = source.read(count)
    if len(found) < count:
        raise _broken()
    return found


# What of a JPEG shows the picture: all but notes (COM) and what programs write (APPn) – and of the latter the three
# that say how colours are meant.
_JFIF, _ADOBE, _COLOURS = 0xE0, 0xEE, 0xE2
_PROFILE: Final = b"ICC_PROFILE\0"
_NOTE: Final = 0xFE
_START_OF_SCAN, _END = 0xDA, 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg(source: IO[bytes], anatomy: Anatomy) -> None:
    source.seek(2)
    anatomy.keep(0, 2)
    framed = scanned = False
    for _ in range(MOST_PARTS):
        start = source.tell()
        if _read(source, 1) != b"\xff":
            raise _broken()
        while (marker := _read(source, 1)[0]) == 0xFF:  # noqa: PLR2004 - filling, of which any number may stand here
            start += 1
        if marker == _END:
            anatomy.keep(start, start + 2)
            anatomy.end = start + 2
            if not (framed and scanned):
                raise _broken()
            return
        if marker in _ALONE:
            anatomy.keep(start, start + 2)
            continue
        (length,) = struct.unpack(">H", _read(source, 2))
        end = start + 2 + length
        opening = source.read(min(max(length - 2, 0), len(_PROFILE)))
        if _shows(marker, opening):
            anatomy.keep(start, end)
        else:
            anatomy.carries = True
        source.seek(end)
        framed = framed or marker in _FRAMES
        if marker == _START_OF_SCAN:
            scanned = True
            _skip_scan(source)
            anatomy.keep(end, source.tell())
    raise _broken()


def _shows(marker: int, opening: bytes) -> bool:
    if marker == _COLOURS:
        return opening == _PROFILE
    return marker in {_JFIF, _ADOBE} or not (0xE0 <= marker <= 0xEF or marker == _NOTE)  # noqa: PLR2004 - APP0 to APP15


def _skip_scan(source: IO[bytes]) -> None:
    """Go to the marker after coded data."""
    at = source.tell()
    while piece := source.read(PIECE):
        if found := END_OF_SCAN.search(piece):
            source.seek(at + found.start())
            return
        if len(piece) == 1:
            break
        at += len(piece) - 1  # the last byte may begin a marker
        source.seek(at)
    raise _broken()


_SHOWN_CHUNKS: Final = frozenset(
    {b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT", b"cICP"}
)
"""The optional PNG chunks that change what is seen."""


def _png(source: IO[bytes], anatomy: Anatomy) -> None:
    source.seek(8)
    anatomy.keep(0, 8)
    seen: set[bytes] = set()
    for _ in range(MOST_PARTS):
        start = source.tell()
        length, kind = struct.unpack(">I4s", _read(source, 8))
        checksum, left = zlib.crc32(kind), length
        if start + 12 + length > anatomy.size:
            raise _broken()
        while left:
            piece = _read(source, min(left, PIECE))
            checksum = zlib.crc32(piece, checksum)
            left -= len(piece)
        if struct.unpack(">I", _read(source, 4)) != (checksum,) or (not seen and kind != b"IHDR"):
            raise _broken()
        seen.add(kind)
        end = source.tell()
        if kind[0:1].isupper() or kind in _SHOWN_CHUNKS:
            anatomy.keep(start, end)
        else:
            anatomy.carries = True
        if kind == b"IEND":
            anatomy.end = end
            if b"IDAT" not in seen:
                raise _broken()
            return
    raise _broken()


_LOOPING: Final = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_COMMENT, _APPLICATION = 0xFE, 0xFF


def _gif(source: IO[bytes], anatomy: Anatomy) -> None:
    source.seek(10)
    source.seek(13 + _palette(_read(source, 3)[0]))
    anatomy.keep(0, source.tell())
    shown = False
    for _ in range(MOST_PARTS):
        start = source.tell()
        kind = _read(source, 1)[0]
        keep = True
        if kind == _TRAILER:
            anatomy.keep(start, start + 1)
            anatomy.end = start + 1
            if not shown:
                raise _broken()
            return
        if kind == _EXTENSION:
            label = _read(source, 1)[0]
            first = _blocks(source)
            keep = label != _COMMENT and (label != _APPLICATION or first in _LOOPING)
        elif kind == _IMAGE:
            shown = True
            source.seek(_palette(_read(source, 9)[8]) + 1, 1)
            _blocks(source)
        else:
            raise _broken()
        if keep:
            anatomy.keep(start, source.tell())
        else:
            anatomy.carries = True
    raise _broken()


def _palette(packed: int) -> int:
    """How many bytes a table of colours takes, by the byte that announces it."""
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _blocks(source: IO[bytes]) -> bytes:
    """Read blocks up to the empty one; return the first."""
    first: bytes | None = None
    while length := _read(source, 1)[0]:
        block = _read(source, length)
        first = block if first is None else first
    return first or b""


_WEBP_CHUNKS: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_CARRIES_NOTES: Final = 0x08 | 0x04
"""The flags of an extended WebP that announce EXIF and XMP."""


def _webp(source: IO[bytes], anatomy: Anatomy) -> None:
    source.seek(4)
    (length,) = struct.unpack("<I", _read(source, 4))
    anatomy.end = 8 + length + (length & 1)
    if anatomy.size < 8 + length:
        raise _broken()
    body: list[Piece] = []
    written = 4
    source.seek(12)
    while (start := source.tell()) + 8 <= 8 + length:
        kind, size = struct.unpack("<4sI", _read(source, 8))
        end = start + 8 + size + (size & 1)
        if start + 8 + size > 8 + length:
            raise _broken()
        if kind not in _WEBP_CHUNKS:
            anatomy.carries = True
        elif kind == b"VP8X":
            flags = _read(source, 1)[0]
            body += [kind + struct.pack("<IB", size, flags & ~_CARRIES_NOTES), (start + 9, end)]
            written += end - start
        else:
            body.append((start, min(end, anatomy.size)))
            written += min(end, anatomy.size) - start
        source.seek(end)
        if len(body) > MOST_PARTS:
            raise _broken()
    if not body:
        raise _broken()
    anatomy.pieces = [b"RIFF" + struct.pack("<I", written) + b"WEBP", *body]


_READERS: Final[dict[str, Callable[[IO[bytes], Anatomy], None]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/gif": _gif,
    "image/webp": _webp,
}
