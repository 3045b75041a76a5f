"""The type of a file by its content, never by its name or by what the client says."""

import codecs
import os
import re
import struct
from collections.abc import Iterator
from typing import IO, Final

from lc_workflow.platform.storage.base import CHUNK

DOC: Final = "application/msword"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT: Final = "text/plain"

SIGNATURES: Final = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL), "image/webp"),
    (re.compile(rb"%PDF-\d"), "application/pdf"),
)
"""The first bytes of files that are recognised by them alone."""

KNOWN_TYPES: Final = frozenset({*(content_type for _, content_type in SIGNATURES), DOC, DOCX, TEXT})
"""Every type that can be recognised; allowing another needs code to recognise it first."""

ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

LONGEST_DIRECTORY: Final = 1024 * 1024
"""Bytes of a ZIP or OLE directory that are read; a document's has a few thousand."""

MARKUP: Final = re.compile(
    r"\s*(?:<|#!|%!|\{\\rtf)|.*?<(?:[?%!]|/?(?:html|head|body|script|svg|iframe|img|object|embed|style|link|meta|form)\b)",
    re.DOTALL | re.IGNORECASE,
)
"""Text that some program would run or display as a page."""

CONTROL: Final = re.compile(r"[^\t\n\f\r\x20-\x7e\xa0-\U0010ffff]")

SECTOR_SHIFTS: Final = (9, 12)
ENTRY: Final = 128
END_OF_CHAIN: Final = 0xFFFFFFFE
MACROS: Final = frozenset({"Macros", "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR"})


def content_type_of(source: IO[bytes]) -> str | None:
    """The type of the file, or None when it is not one of `KNOWN_TYPES` – programs, pages, archives, spreadsheets.

    A Word document with macros counts as a program. Reads at most the whole file and leaves `source` at its start; it
    may block, so it is called in a thread.
    """
    try:
        source.seek(0)
        head = source.read(512)
        for beginning, content_type in SIGNATURES:
            if beginning.match(head):
                return content_type
        if head.startswith(ZIP):
            return DOCX if _is_docx(source) else None
        if head.startswith(OLE):
            return DOC if _is_doc(source, head) else None
        return TEXT if head and _is_text(source) else None
    finally:
        source.seek(0)


def _is_docx(source: IO[bytes]) -> bool:
    """Whether the zip's table of contents is that of a Word document without macros."""
    try:
        names = _zip_names(source)
    except (struct.error, ValueError):
        return False
    return (
        b"[Content_Types].xml" in names
        and b"word/document.xml" in names
        and not any(name.lower().endswith(b"vbaproject.bin") for name in names)
    )


def _zip_names(source: IO[bytes]) -> set[bytes]:
    """Read the names from the central directory, which in a valid ZIP ends right before its last 22 bytes.

    The standard library would build an object for each of the hundred thousand entries of a malicious file.
    """
    source.seek(0, os.SEEK_END)
    end = source.tell() - 22
    source.seek(max(end, 0))
    signature, length, start = struct.unpack("<4s8xII2x", source.read(22))
    if signature != b"PK\x05\x06" or start + length != end or length > LONGEST_DIRECTORY:
        raise ValueError("This is no plain zip.")
    source.seek(start)
    directory = source.read(length)
    names = set()
    position = 0
    while position < length:
        signature, name, extra, comment = struct.unpack_from("<4s24xHHH12x", directory, position)
        if signature != b"PK\x01\x02":
            raise ValueError("The zip's table of contents is broken.")
        position += 46
        names.add(directory[position : position + name])
        position += name + extra + comment
    return names


def _is_doc(source: IO[bytes], header: bytes) -> bool:
    """Whether the OLE file holds a Word document without macros – and is no spreadsheet, mail or installer."""
    try:
        names = set(_ole_names(source, header))
    except (struct.error, ValueError, IndexError):
        return False
    return "WordDocument" in names and not names & MACROS


def _ole_names(source: IO[bytes], header: bytes) -> Iterator[str]:
    """Read the names from the directory, a chain of sectors that the file allocation table links ([MS-CFB] 2.2–2.6)."""
    (shift,) = struct.unpack_from("<H", header, 30)
    if shift not in SECTOR_SHIFTS:
        raise ValueError("The sectors have no size that exists.")
    size = 1 << shift
    (sector,) = struct.unpack_from("<I", header, 48)
    tables = struct.unpack_from("<109I", header, 76)
    for _ in range(LONGEST_DIRECTORY // size):
        if sector == END_OF_CHAIN:
            return
        source.seek((sector + 1) * size)
        entries = source.read(size)
        for position in range(0, size, ENTRY):
            (length,) = struct.unpack_from("<64xH", entries, position)
            yield entries[position : position + max(length - 2, 0)][:64].decode("utf-16-le")
        table, place = divmod(sector, size // 4)
        source.seek((tables[table] + 1) * size + 4 * place)
        (sector,) = struct.unpack("<I", source.read(4))
    raise ValueError("The directory does not end.")


def _is_text(source: IO[bytes]) -> bool:
    """Whether all of it is readable text in UTF-8, or in UTF-16 that says so, and its beginning no markup."""
    source.seek(0)
    piece = source.read(CHUNK)
    encoding = "utf-16" if piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(piece, final=len(piece) < CHUNK)
        if MARKUP.match(text):
            return False
        while not CONTROL.search(text):
            if len(piece) < CHUNK:
                return True
            piece = source.read(CHUNK)
            text = decoder.decode(piece, final=len(piece) < CHUNK)
    except UnicodeDecodeError:
        return False
    return False
