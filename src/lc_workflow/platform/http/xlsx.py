"""Tables as Excel workbooks: written to disk row by row, then sent in pieces; text is text and never a formula."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from anyio import to_thread
from litestar.response import Stream

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.errors import Invalid
from lc_workflow.platform.storage.disposition import content_disposition

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

PIECE: Final = 64 * 1024
"""Bytes sent at once."""

AT_ONCE: Final = 500
"""Rows that are written in one go, outside the event loop."""

MOST_ROWS: Final = 1_048_575
"""What a sheet holds below its header."""

LONGEST_CELL: Final = 32_767
"""Characters a cell holds."""


class TooManyForASheet(Invalid):
    """A sheet of Excel has no room for so many rows."""


class _Sheet:
    """A workbook with one sheet that is being written."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        # 42 modules, which only those who export need.
        from xlsxwriter import Workbook  # noqa: PLC0415

        self._book = Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "tmpdir": str(path.parent),
            },
        )
        self._sheet = self._book.add_worksheet("Applications")
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        bold = self._book.add_format({"bold": True})
        for column, name in enumerate(header):
            self._sheet.write_string(0, column, name, bold)
        self._sheet.freeze_panes(1, 0)
        self._rows = 0

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self._rows += 1
            if self._rows > MOST_ROWS:
                raise TooManyForASheet("A sheet has no room for so many rows; narrow the filters or export as CSV.")
            for column, cell in enumerate(row):
                self._write(self._rows, column, cell)

    def close(self) -> None:
        self._book.close()

    def _write(self, row: int, column: int, cell: Any) -> None:
        match cell:
            case None | "":
                return
            case bool():
                self._sheet.write_boolean(row, column, cell)
            case int() | float() | Decimal():
                self._sheet.write_number(row, column, cell)
            case datetime():
                self._sheet.write_datetime(row, column, cell.astimezone(PHNOM_PENH).replace(tzinfo=None), self._moment)
            case date():
                self._sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), self._day)  # noqa: DTZ001 - a cell knows no zones
            case _:
                text = str(cell.value if isinstance(cell, Enum) else cell)
                self._sheet.write_string(row, column, text[:LONGEST_CELL])


async def download(filename: str, header: Sequence[str], rows: AsyncGenerator[Sequence[Any], None]) -> Stream:
    """Answer with a workbook of one sheet.

    A workbook is an archive whose table of contents comes last, so it is finished on disk before its first byte is
    sent; what refuses to be read still becomes a problem. A cell knows no zones, so moments read as the
    clock in the branches does.

    Raises:
        TooManyForASheet: There are more rows than a sheet holds.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        sheet = await to_thread.run_sync(_Sheet, path, header)
        waiting: list[Sequence[Any]] = []
        try:
            async with aclosing(rows):
                async for row in rows:
                    waiting.append(row)
                    if len(waiting) == AT_ONCE:
                        await to_thread.run_sync(sheet.write, waiting)
                        waiting = []
            await to_thread.run_sync(sheet.write, waiting)
        finally:
            await to_thread.run_sync(sheet.close)
        # Opened before the folder goes: the file lives on, without a name, until it has been sent.
        written = await to_thread.run_sync(_opened, path)
    return Stream(
        _pieces(written), media_type=MEDIA_TYPE, headers={"content-disposition": content_disposition(filename)}
    )


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


async def _pieces(written: IO[bytes]) -> AsyncIterator[bytes]:
    with written:
        while piece := await to_thread.run_sync(written.read, PIECE):
            yield piece
