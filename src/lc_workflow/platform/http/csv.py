"""Tables as CSV: written in pieces so that spreadsheets show Khmer and run no formula, and read back the same."""

import csv
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from io import StringIO
from typing import IO, Final, TypeAlias

from litestar.response import Stream

from lc_workflow.kernel.errors import FieldError, Invalid, TooLarge
from lc_workflow.platform.storage.disposition import content_disposition

MEDIA_TYPE: Final = "text/csv"
"""The framework adds that it is UTF-8."""

BOM: Final = b"\xef\xbb\xbf"
"""What tells Excel that a file is UTF-8; without it Khmer becomes gibberish."""

PIECE: Final = 64 * 1024
"""About how many bytes are sent at once."""

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_ROWS: Final = 10_000
LONGEST_CELL: Final = 10_000
SEPARATORS: Final = ",;\t"
"""What spreadsheets put between cells, depending on the country they are set to."""

Cell: TypeAlias = object
"""Text, a number, a date or moment, an enumeration's member, an id, true or false, or None for an empty cell."""

Rows: TypeAlias = Iterable[Sequence[Cell]] | AsyncGenerator[Sequence[Cell], None]
"""What is written, row by row; a generator may read it from the database in batches."""

_FORMULA: Final = re.compile(r"['\s]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20|%]|'*[\t\r\n]")
"""Beginnings of a text that a spreadsheet may run instead of showing; full-width signs count like their narrow ones."""


class NotUtf8(Invalid):
    """The file is not UTF-8 text."""


class NotATable(Invalid):
    """The file cannot be read as rows under a line of column names."""


class TooManyRows(Invalid):
    """The file has more rows than are taken at once."""


class TableTooLarge(TooLarge):
    """The file has more bytes than are taken at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table that was read: `row` is its number as a spreadsheet shows it, the column names being row 1.

    `cells` maps each column to its text without blanks around it; empty cells are left out.
    """

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read: its columns in their order, and its rows without the empty ones."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


async def download(filename: str, header: Sequence[str], rows: Rows) -> Stream:
    """Answer with a CSV file that is written while it is sent.

    The first piece is made before the answer begins, so that a refusal while reading still becomes a problem. Rows from
    the database must be read in batches that give the connection back in between, so that a slow client holds none.
    """
    pieces = written(header, rows)
    first = await anext(pieces)
    return Stream(
        _from(first, pieces), media_type=MEDIA_TYPE, headers={"content-disposition": content_disposition(filename)}
    )


async def written(header: Sequence[str], rows: Rows) -> AsyncIterator[bytes]:
    """Write column names and rows as UTF-8 CSV (RFC 4180) with a byte order mark, in pieces of about 64 KiB."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(map(shown, header))
    mark = BOM
    async for row in _each(rows):
        writer.writerow(map(shown, row))
        if buffer.tell() >= PIECE:
            yield mark + buffer.getvalue().encode()
            mark = b""
            buffer.seek(0)
            buffer.truncate()
    yield mark + buffer.getvalue().encode()


class Verbatim(str):
    """A text written as it is, because the caller knows that no spreadsheet would run it."""

    __slots__ = ()


def shown(cell: Cell) -> str:
    """Write one cell: numbers and dates as they are, and an apostrophe before text that a spreadsheet would run."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds")
        case int() | float():
            return str(cell)
        case _:
            text = str(cell.value if isinstance(cell, Enum) else cell)
            return f"'{text}" if _FORMULA.match(text) and not isinstance(cell, Verbatim) else text


def plain(text: str) -> str:
    """Take back the apostrophe that `shown` put before a text."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def read(
    source: IO[bytes],
    *,
    required: Iterable[str] = (),
    name_of: Callable[[str], str] = str,
    most_rows: int = MOST_ROWS,
    most_bytes: int = MOST_BYTES,
) -> Table:
    """Read a CSV file: UTF-8 with or without a byte order mark, its cells separated by commas, semicolons or tabs.

    Column names are read in lower case with `_` for blanks, so `First name` is `first_name`; `name_of` can map several
    headings to one column.

    Raises:
        TableTooLarge, TooManyRows: There is more than `most_bytes` or `most_rows`.
        NotUtf8: It was saved in another encoding.
        NotATable: It has no column names, one of the `required` ones is missing, or a row does not fit.
    """
    lines = _lines(_text(source, most_bytes))
    columns = _columns(next(lines, []), required, name_of)
    found: list[Line] = []
    for row, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        if len(found) == most_rows:
            raise TooManyRows(f"The file has more than {most_rows} rows; send it in parts.")
        if any(cells[len(columns) :]):
            raise NotATable(f"Row {row} has more cells than there are column names; look for a missing quote.")
        found.append(Line(row, {name: cell for name, cell in zip(columns, cells, strict=False) if cell}))
    return Table(columns, tuple(found))


async def _from(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in others:
        yield piece


async def _each(rows: Rows) -> AsyncIterator[Sequence[Cell]]:
    """Go through rows, synchronous or asynchronous; a generator is closed together with this one."""
    if isinstance(rows, AsyncGenerator):
        async with aclosing(rows):
            async for row in rows:
                yield row
    else:
        for row in rows:
            yield row


def _text(source: IO[bytes], most_bytes: int) -> str:
    content = source.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise TableTooLarge(f"The file has more than {most_bytes // 1024} KiB; send it in parts.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotUtf8("The file is saved as UTF-16; save it as “CSV UTF-8” and send it again.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotUtf8(
            f"Line {line} is not UTF-8 text; save the file as “CSV UTF-8” in your spreadsheet and send it again."
        ) from error
    if "\0" in text:
        raise NotUtf8("The file holds NUL characters, so it is no text; save it as “CSV UTF-8” and send it again.")
    return text


def _lines(text: str) -> Iterator[list[str]]:
    """Split the text into lines; the first one tells the separator."""
    beginning = text.lstrip("\r\n").partition("\n")[0]
    separator = max(SEPARATORS, key=beginning.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise NotATable(
                    f"Line {reader.line_num} has a cell of more than {LONGEST_CELL} characters; look for a lost quote."
                )
            yield [plain(cell.strip()).strip() for cell in cells]
    except csv.Error as error:
        raise NotATable(f"Line {reader.line_num} cannot be read as CSV: {error}.") from error


def _columns(cells: Sequence[str], required: Iterable[str], name_of: Callable[[str], str]) -> tuple[str, ...]:
    columns = tuple(name_of(re.sub(r"[\s_-]+", "_", cell.casefold())) for cell in cells)
    while columns and not columns[-1]:
        columns = columns[:-1]
    if not columns:
        raise NotATable("The file is empty; its first line must name the columns.")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise NotATable(f"Columns are named twice: {', '.join(name or 'one without a name' for name in twice)}.")
    if missing := [name for name in required if name not in columns]:
        raise NotATable(
            f"The file lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.",
            errors=tuple(FieldError("file", f"lacks the column {name}") for name in missing),
        )
    return columns
