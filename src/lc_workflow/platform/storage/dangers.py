"""What makes a file of an allowed type dangerous all the same: a second format, programs inside, endless content."""

import re
import struct
import zlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast
from zipfile import BadZipFile, ZipFile

from lc_workflow.platform.storage.base import CHUNK
from lc_workflow.platform.storage.sniffing import DOCX, ZIP

PDF: Final = "application/pdf"

OVERLAP: Final = 4096
"""Bytes that are read twice, so that nothing hides across two pieces."""

MOST_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes that the compressed content of one file may have."""

MOST_SWELLING: Final = 100
"""How many times larger than the file its content may be, beyond `SMALL`; text compresses to a tenth."""

SMALL: Final = 8 * 1024 * 1024
DEEPEST: Final = 2
"""Levels of archives within archives: a spreadsheet in a letter is one."""

PROGRAM_TEXTS: Final = (re.compile(rb"<(?i:\?php|script[\s>])"), re.compile(rb"_(?i:_HALT_COMPILER\s*\()"))
"""What a web server or a browser would run; it has no other purpose in a picture or a PDF. Each begins with a sign
without upper and lower case, so that Python searches for that sign first, which is seven times as fast."""

ZIP_END: Final = b"PK\x05\x06"
ZIP_END_ROOM: Final = 22 + 65_535
"""An archive is read from its end: its last 22 bytes, and a comment of any length behind them."""


def _name(name: bytes) -> bytes:
    """Match a name of a PDF behind its slash; its letters may be written as `#4A` (ISO 32000-1, 7.3.5)."""
    return b"".join(b"(?:%c|#%x|#%X)" % (letter, letter, letter) for letter in name)


_RUNS: Final = b"%b|%b|%b(?![A-Za-z])" % (_name(b"JavaScript"), _name(b"Launch"), _name(b"Rendition"))

RUNS: Final = re.compile(b"/(?:%b)" % _RUNS)
"""Actions of a PDF that run a program when it is opened or clicked on (ISO 32000-1, 12.6.4)."""

NAMES: Final = re.compile(
    b"/(?=[JLREO#])(?:(?P<runs>%b)|(?P<encrypted>%b)|%b(?=.{0,400}?stream(?P<packed>\r?\n)))"
    % (_RUNS, _name(b"Encrypt"), _name(b"ObjStm")),
    re.DOTALL,
)
"""The same, a PDF's encryption, and where its packed objects begin. Their first letters stand in front of the whole
pattern: of 4,000 slashes in a MB of packed content only 100 are examined further."""

PLAIN_OBJECTS: Final = re.compile(rb"\s*\d+\s+\d+\s")
"""The beginning of an object stream that is not compressed: numbers and offsets."""


def danger_in(source: IO[bytes], content_type: str) -> str | None:
    """Say in a sentence why a file of this type is refused, or None; leaves `source` at its start, and may block.

    A PDF that needs a password is accepted: what it runs cannot be seen, and we run nothing of it.
    """
    try:
        return _danger_in(source, content_type)
    finally:
        source.seek(0)


def _danger_in(source: IO[bytes], content_type: str) -> str | None:
    if content_type == DOCX:
        return None if _unpacks(source) else "The document is broken, or unpacks to far more than it should."
    if _is_archive_too(source):
        return "The file is an archive as well; send the paper alone."
    if content_type != PDF and not content_type.startswith("image/"):
        return None
    if any(text.search(piece) for _, piece in _overlapping(source) for text in PROGRAM_TEXTS):
        return "The file carries a program; send a clean copy, for example a print or a photo of it."
    if content_type == PDF and _runs(source):
        return "The PDF runs a program when it is opened; print it to a new PDF and send that."
    return None


def _overlapping(source: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Read the whole file in overlapping pieces, each with its offset."""
    source.seek(0)
    at, before = 0, b""
    while piece := source.read(CHUNK):
        yield at - len(before), before + piece
        at += len(piece)
        before = piece[-OVERLAP:]


def _is_archive_too(source: IO[bytes]) -> bool:
    """Whether an archiver would open it: its end leads to a table of contents."""
    size = source.seek(0, 2)
    start = max(size - ZIP_END_ROOM, 0)
    source.seek(start)
    tail = source.read()
    at = len(tail)
    while (at := tail.rfind(ZIP_END, 0, at)) >= 0:
        try:
            (length,) = struct.unpack_from("<I", tail, at + 12)
        except struct.error:
            continue
        if 0 < length <= start + at:
            source.seek(start + at - length)
            if source.read(4) == b"PK\x01\x02":
                return True
    return False


def _unpacks(source: IO[bytes]) -> bool:
    """Whether an archive, with those in it, unpacks to a bearable size; all of it is unpacked, because headers lie."""
    size = source.seek(0, 2)
    room = min(MOST_UNPACKED, max(size * MOST_SWELLING, SMALL))
    try:
        return _unpacked(source, room, deep=0) is not None
    except (BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError):
        return False


def _unpacked(source: IO[bytes], room: int, *, deep: int) -> int | None:
    """Unpack everything; return how much room is left, or None when it does not fit."""
    with ZipFile(source) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > room:
            return None
        for entry in entries:
            with archive.open(entry) as packed, SpooledTemporaryFile(max_size=CHUNK) as inner:
                piece = packed.read(CHUNK)
                archived = piece.startswith(ZIP)
                while piece:
                    room -= len(piece)
                    if room < 0:
                        return None
                    if archived:
                        inner.write(piece)
                    piece = packed.read(CHUNK)
                if archived:
                    if deep == DEEPEST:
                        return None
                    left = _unpacked(cast(IO[bytes], inner), room, deep=deep + 1)
                    if left is None:
                        return None
                    room = left
    return room


def _runs(source: IO[bytes]) -> bool:
    """Whether a PDF names an action that runs something, in plain or packed objects."""
    encrypted = False
    packed: set[int] = set()
    for at, piece in _overlapping(source):
        for found in NAMES.finditer(piece):
            if found["runs"]:
                return True
            encrypted = encrypted or found["encrypted"] is not None
            if found["packed"]:
                packed.add(at + found.end("packed"))
    return not encrypted and _packed_runs(source, packed)


def _packed_runs(source: IO[bytes], starts: set[int]) -> bool:
    """Whether packed objects name such an action; undecodable or endless ones count as if they did."""
    room = MOST_UNPACKED // 4
    for start in sorted(starts):
        source.seek(start)
        if PLAIN_OBJECTS.match(source.read(64)):
            continue
        source.seek(start)
        unpacking = zlib.decompressobj()
        before = b""
        while not unpacking.eof:
            piece = unpacking.unconsumed_tail or source.read(CHUNK)
            try:
                text = unpacking.decompress(piece, CHUNK)
            except zlib.error:
                return True
            room -= len(text)
            if room < 0 or RUNS.search(before + text) or not (piece or text):
                return True
            before = text[-OVERLAP:]
    return False
