"""Which files are accepted, and under what name they are shown."""

import re
import unicodedata
from collections.abc import Callable, Collection
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import Final

from lc_workflow.kernel.errors import Invalid, TooLarge
from lc_workflow.kernel.names import JOINERS, plain

EXTENSIONS: Final = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".text", ".log", ".csv", ".md"),
    "application/msword": (".doc",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
}
"""The endings of files of each type; the first is added to a name that has none of them."""

LONGEST_NAME: Final = 120
"""Characters of a display name: 120 Khmer characters still fit the URL of a signed link."""

NAMELESS: Final = "file"

ENCODED: Final = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=")
"""A non-ASCII word as mail writes it (RFC 2047, section 2)."""

LONGEST_EXTENSION: Final = 10

COENG: Final = "\u17d2"
"""The sign that puts the following Khmer consonant below the one before it."""


class FileTooLarge(TooLarge):
    """The file is larger than the house takes in."""


class EmptyFile(Invalid):
    """The file has no content."""


class TypeNotAllowed(Invalid):
    """Files with this content are not taken in."""


class HarmfulContent(Invalid):
    """The file is of an accepted type, but does something that no paper does."""


class VirusFound(Invalid):
    """The scanner found a virus in the file."""


def check_size(size: int, *, most: int) -> None:
    """Refuse a file of `size` bytes that is empty or larger than `most`.

    For a file that is still arriving use `check_not_above`.

    Raises:
        EmptyFile: There is nothing in it.
        FileTooLarge: There is too much in it.
    """
    if size == 0:
        raise EmptyFile("The file is empty; choose another one.")
    check_not_above(size, most=most)


def check_not_above(size: int, *, most: int) -> None:
    """Refuse an upload once more than `most` bytes have arrived.

    Raises:
        FileTooLarge: More has arrived.
    """
    if size > most:
        raise FileTooLarge(f"The file is larger than {readable(most)}; send a smaller one.")


def check_type(content_type: str | None, *, allowed: Collection[str]) -> str:
    """Return the type found in the content when it is one of `allowed`; None stands for unrecognised content.

    Raises:
        TypeNotAllowed: It is not; the sentence says what is.
    """
    if content_type is None or content_type not in allowed:
        names = ", ".join(sorted(EXTENSIONS[each][0][1:].upper() for each in allowed if each in EXTENSIONS))
        raise TypeNotAllowed(f"The content of this file is of no kind that is taken; send one of {names}.")
    return content_type


def readable(size: int) -> str:
    """Write a number of bytes for people: `10 MB`, `1.5 MB`, `300 kB`."""
    unit, name = (1024**2, "MB") if size >= 1024**2 else (1024, "kB") if size >= 1024 else (1, "bytes")  # noqa: PLR2004 - bytes in a kB
    return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"


def display_name(raw: str | None) -> str:
    """Make a client's file name safe to show, to send in a header and to save: never empty, at most 120 characters.

    Folders are cut off, control and direction characters removed, characters no file system accepts become `_`; Khmer
    stays as it is, and the ending is kept. .NET clients encode it as mail does.
    """
    raw = raw or ""
    if ENCODED.fullmatch(raw):
        with suppress(MessageError, LookupError, ValueError):  # else it is no encoded word, and called so
            raw = str(make_header(decode_header(raw)))
    last = plain(re.split(r"[/\\]", raw)[-1])
    name = re.sub(r'[<>:"|?*]', "_", last).strip(" ." + JOINERS)
    return shortened(name) or NAMELESS


def named_as(name: str, content_type: str) -> str:
    """Give a display name a true ending: a photo called `id.exe` is shown as `id.exe.jpg`."""
    endings = EXTENSIONS.get(content_type)
    if endings is None or name.lower().endswith(endings):
        return name
    return shortened(name, room=LONGEST_NAME - len(endings[0])) + endings[0]


def shortened(name: str, room: int = LONGEST_NAME, *, size: Callable[[str], int] = len) -> str:
    """Shorten before the ending, and never inside a Khmer syllable; `size` measures the length."""
    if size(name) <= room:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension) > LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    room -= size(dot + extension)
    end = min(room, len(stem) - 1)
    while end and (size(stem[:end]) > room or _is_within_a_stack(stem, end)):
        end -= 1
    return (stem[:end].rstrip(" .") or NAMELESS) + dot + extension


def _is_within_a_stack(text: str, place: int) -> bool:
    return unicodedata.category(text[place]).startswith("M") or text[place - 1] in COENG + JOINERS


SMALLEST_PART: Final = 8 * 1024 * 1024
"""Bytes: a phone at the edge of the network sends that in some minutes; S3 stores want at least 5 MiB."""

MOST_PARTS: Final = 1_000
"""What an S3 store lists in one answer."""


def part_size_for(size: int) -> int:
    """Say how many bytes the parts of a file have, all but the last."""
    return max(SMALLEST_PART, -(-size // MOST_PARTS))


def parts_for(size: int, part_size: int) -> list[tuple[int, int, int]]:
    """Number the parts of a file from 1, each with where it begins and before which byte it ends."""
    starts = range(0, size, part_size)
    return [(number, start, min(start + part_size, size)) for number, start in enumerate(starts, 1)]
