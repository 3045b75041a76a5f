"""CSV as spreadsheets take it: Khmer is shown, nothing is run, and what was written is read back the same."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.kernel.errors import DomainError
from lc_workflow.platform.http.csv import (
    BOM,
    NotATable,
    NotUtf8,
    Rows,
    TableTooLarge,
    TooManyRows,
    download,
    plain,
    read,
    shown,
    written,
)


class Colour(StrEnum):
    RED = "red"


async def file_of(header: Sequence[str], rows: Rows) -> bytes:
    return b"".join([piece async for piece in written(header, rows)])


def table(text: str | bytes, **limits: Any) -> list[dict[str, str]]:
    content = text if isinstance(text, bytes) else text.encode()
    return [dict(line.cells) for line in read(BytesIO(content), **limits).lines]


async def test_a_file_begins_with_the_mark_that_makes_excel_show_khmer() -> None:
    content = await file_of(["name"], [["សុខ ចាន់ធី"]])
    assert content == BOM + "name\r\nសុខ ចាន់ធី\r\n".encode()


async def test_a_table_without_rows_still_has_its_column_names() -> None:
    assert await file_of(["a", "b"], []) == BOM + b"a,b\r\n"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "true"),
        (7, "7"),
        (-7, "-7"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.10"), "-0.10"),
        (date(2026, 11, 24), "2026-11-24"),
        (datetime(2026, 11, 24, 2, 0, 0, 5, tzinfo=UTC), "2026-11-24T02:00:00+00:00"),
        (Colour.RED, "red"),
        ("Sok, Dara", "Sok, Dara"),
    ],
)
def test_each_kind_of_cell_is_written_in_its_own_way(cell: object, text: str) -> None:
    assert shown(cell) == text


@pytest.mark.parametrize(
    "formula",
    [
        "=HYPERLINK(1)",
        "+855 12 345 678",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\uff1d1",
        "'=1",
        "' =1",
        "|calc",
        "%0A=1",
    ],
)
def test_text_that_a_spreadsheet_would_run_is_shown_instead(formula: str) -> None:
    assert shown(formula) == f"'{formula}"
    assert plain(shown(formula)) == formula


@given(st.text())
def test_what_was_written_is_read_back(text: str) -> None:
    assert plain(shown(text)) == text


async def test_a_long_table_goes_out_in_pieces_and_closes_what_it_reads_from() -> None:
    closed = []

    async def rows() -> AsyncGenerator[list[object], None]:
        try:
            for number in range(30_000):
                yield [number, "x" * 10]
        finally:
            closed.append(True)

    pieces = [piece async for piece in written(["number", "text"], rows())]
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 70_000
    assert len(table(b"".join(pieces), most_rows=30_000)) == 30_000
    assert closed


async def test_a_table_that_cannot_be_read_is_refused_before_the_answer_begins() -> None:
    async def rows() -> AsyncGenerator[list[object], None]:
        raise NotATable("broken")
        yield []

    with pytest.raises(NotATable):
        await download("users.csv", ["a"], rows())


@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize("separator", ",;\t")
def test_a_file_is_read_with_or_without_mark_and_with_the_separators_of_all_countries(
    mark: bytes, separator: str
) -> None:
    text = f"First Name{separator}Phone\r\n\r\nDara{separator}'+855 12\r\n{separator}\r\n Sok {separator}\r\n"
    found = read(BytesIO(mark + text.encode()))
    assert found.columns == ("first_name", "phone")
    assert [(line.row, dict(line.cells)) for line in found.lines] == [
        (3, {"first_name": "Dara", "phone": "+855 12"}),
        (5, {"first_name": "Sok"}),
    ]


def test_cells_may_hold_line_breaks_and_separators() -> None:
    assert table('name,notes\n"Sok, Dara","one\ntwo"\n') == [{"name": "Sok, Dara", "notes": "one\ntwo"}]


@pytest.mark.parametrize(
    ("content", "refusal", "says"),
    [
        ("name\nសុខ".encode("utf-16"), NotUtf8, "UTF-16"),
        ("name\nDara\nCafé".encode("cp1252"), NotUtf8, "Line 3"),
        (b"name\nDa\0ra", NotUtf8, "NUL"),
        (b"", NotATable, "empty"),
        (b"\n\n", NotATable, "empty"),
        (b"a,b,A\n1,2,3", NotATable, "twice: a"),
        (b'a,b\n"1,2', NotATable, "Line 2"),
        (b"a,b\n1,2,3", NotATable, "Row 2"),
        (b"a\n" + b"x" * 10_001, NotATable, "Line 2"),
        (b"a\n" + b"x" * 200_000, NotATable, "Line 2"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence_that_helps(
    content: bytes, refusal: type[DomainError], says: str
) -> None:
    with pytest.raises(refusal) as refused:
        table(content)
    assert says in refused.value.detail


def test_a_missing_column_is_named() -> None:
    with pytest.raises(NotATable) as refused:
        read(BytesIO(b"name\nDara"), required=("email", "name", "username"))
    assert "email, username" in refused.value.detail
    assert [error.msg for error in refused.value.errors] == ["lacks the column email", "lacks the column username"]


def test_there_are_limits_to_rows_and_bytes() -> None:
    with pytest.raises(TooManyRows):
        table("a\n1\n2\n3", most_rows=2)
    with pytest.raises(TableTooLarge):
        table("a\n" + "1\n" * 100, most_bytes=100)
    assert len(table("a\n1\n\n2\n", most_rows=2)) == 2
