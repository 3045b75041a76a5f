"""What a file is, by its content."""

import io
import struct
import tempfile
import zipfile
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lc_workflow.documents.rules.uploads import EXTENSIONS
from lc_workflow.platform.config import DEFAULT_FILE_TYPES
from lc_workflow.platform.storage.base import CHUNK
from lc_workflow.platform.storage.sniffing import DOC, DOCX, KNOWN_TYPES, TEXT, content_type_of

WORD = ("[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/styles.xml")
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + bytes(100)


def told(content: bytes) -> str | None:
    return content_type_of(io.BytesIO(content))


def a_picture(form: str) -> bytes:
    Image.new("RGB", (3, 2), "red").save(file := io.BytesIO(), form)
    return file.getvalue()


def a_zip(names: Iterable[str], *, comment: bytes = b"") -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "<xml/>" * 50)
        archive.comment = comment
    return file.getvalue()


def an_ole(names: Iterable[str], *, shift: int = 9, first: int = 1, more: int | None = None) -> bytes:
    """A compound file: header, allocation tables (the last first), directory from sector `first` on, in a chain."""
    size, entries = 1 << shift, ["Root Entry", *names]
    per_sector = size // 128
    sectors = -(-len(entries) // per_sector)
    tables = -(-(first + sectors) // (size // 4))
    table = [0xFFFFFFFD] * tables + [0xFFFFFFFF] * (tables * size // 4 - tables)
    for each in range(sectors):
        table[first + each] = first + each + 1 if each < sectors - 1 else 0xFFFFFFFE
    if more is not None:
        table[first + sectors - 1] = more
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, shift, 6)
    header += bytes(10) + struct.pack("<IIIIIIII", tables, first, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *reversed(range(tables)), *[0xFFFFFFFF] * (109 - tables))
    content = bytearray(header.ljust(size, b"\0"))
    for start in reversed(range(0, len(table), size // 4)):
        content += struct.pack(f"<{size // 4}I", *table[start : start + size // 4])
    content += bytes(size * (first - tables + sectors))
    for place, name in enumerate(entries):
        coded = name.encode("utf-16-le")
        at = (first + 1) * size + 128 * place
        content[at : at + 128] = coded.ljust(64, b"\0") + struct.pack("<H", len(coded) + 2) + bytes(62)
    return bytes(content)


def test_all_types_the_house_takes_can_be_told() -> None:
    assert set(DEFAULT_FILE_TYPES) == KNOWN_TYPES == set(EXTENSIONS)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (a_picture("JPEG"), "image/jpeg"),
        (a_picture("PNG"), "image/png"),
        (a_picture("GIF"), "image/gif"),
        (a_picture("WEBP"), "image/webp"),
        (PDF, "application/pdf"),
        (a_zip(WORD), DOCX),
        (a_zip(reversed(WORD)), DOCX),
        (a_zip([f"word/media/image{number}.png" for number in range(200)] + list(WORD)), DOCX),
        (an_ole(["1Table", "WordDocument", "\x05SummaryInformation"]), DOC),
        (an_ole(["Data", "1Table", "ObjectPool", "\x01CompObj", "WordDocument"], first=40), DOC),
        (an_ole([f"object {number}" for number in range(50)] + ["WordDocument"], shift=12), DOC),
        (an_ole([f"object {number}" for number in range(50)] + ["WordDocument"], first=250), DOC),
        (b"Dear Sir,\r\n\tplease find \xe2\x80\xa6\r\n", TEXT),
        ("ខ្ញុំបាទសូមបញ្ជាក់ថា".encode(), TEXT),
        ("ខ្ញុំបាទ".encode("utf-8-sig"), TEXT),
        ("ខ្ញុំបាទ".encode("utf-16"), TEXT),
        (b"\xfe\xff" + "ខ្ញុំបាទ".encode("utf-16-be"), TEXT),
        (b"BMW of the guarantor, plate 2A-1234", TEXT),
        (b"GIFts received: none", TEXT),
        (b"MZ is how the officer signs", TEXT),
        (b"income < expenses, and 3 > 2", TEXT),
        (b"%PDFoolish", TEXT),
        (b"x", TEXT),
    ],
)
def test_a_paper_is_known_by_its_content(content: bytes, content_type: str) -> None:
    assert told(content) == content_type


@pytest.mark.parametrize(
    "content",
    [
        b"",
        PROGRAM,
        b"\x7fELF\x02\x01\x01" + bytes(60),
        b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
        b"\x00asm\x01\x00\x00\x00",
        b"#!/bin/sh\nrm -rf /\n",
        b"<!DOCTYPE html><p>hello",
        b"\n\n  <html><script>alert(1)</script>",
        b"\xef\xbb\xbf<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "<svg/onload=alert(1)>".encode("utf-16"),
        b"hello <ScRiPt src=//x></script>",
        b"hello <iframe/src=javascript:alert(1)>",
        b"notes\n<?php system($_GET[0]); ?>",
        b'<?xml version="1.0"?><x/>',
        b"{\\rtf1\\ansi hello}",
        b"%!PS-Adobe-3.0\n",
        b"GIF88a" + bytes(20),
        b"\x89PNG but not really",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"\xff\xfe\x3c\x00\xd8",
        b"caf\xe9 in the old coding",
        b"a\x00b",
        b"escape \x1b[31m red",
        bytes(range(256)),
        a_picture("BMP"),
        a_picture("TIFF"),
        a_zip(["readme.txt"]),
        a_zip(["[Content_Types].xml", "xl/workbook.xml"]),
        a_zip(["[Content_Types].xml", "word/styles.xml", "program.exe"]),
        a_zip([*WORD, "word/vbaProject.bin"]),
        a_zip([*WORD, "customXml/VBAPROJECT.BIN"]),
        a_zip(WORD, comment=b"a comment that Word never writes"),
        a_zip(WORD) + PROGRAM,
        PROGRAM + a_zip(WORD),
        a_zip(WORD)[:-30],
        b"PK\x03\x04",
        an_ole(["Workbook"]),
        an_ole(["__substg1.0_0037001F"]),
        an_ole(["\u4840\u3f3f\u4577\u446c\u3b6a\u45e4\u4824"]),
        an_ole(["WordDocument", "Macros", "VBA"]),
        an_ole(["WordDocument"], shift=7),
        an_ole(["WordDocument"], more=1),
        an_ole(["WordDocument"], more=0x00FFFFFF),
        an_ole(["WordDocument"])[:600],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
)
def test_everything_else_is_none_of_ours(content: bytes) -> None:
    assert told(content) is None


def test_a_long_text_is_read_to_its_end() -> None:
    text = ("ខ្ញុំ" * (CHUNK // 15 + 1) + "\n").encode() * 3
    assert len(text) > 3 * CHUNK
    assert told(text) == TEXT
    assert told(text + b"\x00") is None
    assert told(text + b"\xe1\x9e") is None
    assert told(b"a" * CHUNK) == TEXT


def test_a_file_of_unlike_beginnings_is_a_picture_only_when_it_begins_as_one() -> None:
    assert told(PDF + a_picture("JPEG")) == "application/pdf"
    assert told(b" " + a_picture("JPEG")) is None


def test_a_zip_with_an_endless_table_of_contents_is_not_read() -> None:
    assert told(a_zip([*WORD, *(f"word/media/{'x' * 200}{number}" for number in range(5000))])) is None


def test_the_file_is_left_at_its_start_for_the_next_reader() -> None:
    with tempfile.SpooledTemporaryFile(max_size=10) as upload:
        upload.write(a_zip(WORD))
        assert content_type_of(upload) == DOCX
        assert upload.tell() == 0


@given(st.binary(max_size=600), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe"]))
def test_no_content_upsets_the_reader(content: bytes, beginning: bytes) -> None:
    assert told(beginning + content) in {*KNOWN_TYPES, None}


@given(
    st.integers(0, 2500), st.binary(min_size=1, max_size=8), st.sampled_from([a_zip(WORD), an_ole(["WordDocument"])])
)
def test_no_damage_to_a_document_upsets_the_reader(place: int, damage: bytes, document: bytes) -> None:
    place = place % len(document)
    assert told(document[:place] + damage + document[place + len(damage) :]) in {*KNOWN_TYPES, None}
