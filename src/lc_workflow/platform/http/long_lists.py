"""Long lists: they go on with `?after=`, and only count their rows where the page at hand does not tell."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, Final, Generic, Self, TypeAlias, TypeVar

from litestar.params import QueryParameter
from msgspec import DecodeError, Meta, Struct, convert, json
from sqlalchemy import ColumnElement, Select, and_, false, literal, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.http.fields import beyond_reason
from lc_workflow.platform.http.paging import PageNumber, PageSize, WidePageSize, Window
from lc_workflow.platform.http.provide import Provider

T = TypeVar("T")
PlaceT = TypeVar("PlaceT", bound=Struct)

Columns: TypeAlias = Select[*tuple[Any, ...]]
"""Any SELECT statement, whatever columns it has."""


class BadCursor(Invalid):
    """A cursor that no answer gave, or that belongs to another list."""

    def __init__(self, name: str = "after") -> None:
        """Say what would help; `name` is the parameter's."""
        super().__init__(
            "This cursor is not known here; begin without one.", errors=(FieldError(name, "is not known", "query"),)
        )


Cursor: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=1_000, description="Where to go on: the `next` of the answer before.")
]


@dataclass(frozen=True, slots=True)
class Key:
    """One column that a list is sorted by; where it can be empty, empty values come last.

    `by` gives what is sorted by instead of the values themselves.
    """

    column: InstrumentedAttribute[Any]
    descending: bool = False
    by: Callable[[ColumnElement[Any]], ColumnElement[Any]] | None = None

    @property
    def order(self) -> ColumnElement[Any]:
        """The ORDER BY of the column, written the way its index is."""
        counted = self._counted(self.column)
        order = counted.desc() if self.descending else counted.asc()
        return order.nulls_last() if self.column.nullable else order

    def _counted(self, values: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
        written: ColumnElement[Any] = values.expression if isinstance(values, InstrumentedAttribute) else values
        return self.by(written) if self.by else written

    def read(self, value: object) -> Any:
        """Read a value of this column from a cursor.

        Raises:
            ValueError: It is none.
        """
        if value is None and self.column.nullable:
            return None
        kind: Any = self.column.type.python_type
        read = convert(value, _WITH_ZONE if kind is datetime else kind, strict=False)
        if isinstance(read, Decimal | int) and beyond_reason(read):
            raise ValueError
        return read

    def beyond(self, value: object, then: ColumnElement[bool] | None) -> ColumnElement[bool]:
        """Match what comes after a value; `then` does it for the columns that follow, among equal values.

        The bound at which an index is entered stands by itself, because PostgreSQL finds none inside an OR.
        """
        column, counted = self.column, self._counted(self.column)
        if value is None:
            return column.is_(None) & (false() if then is None else then)
        bound = self._counted(literal(value, column.type))
        past = counted < bound if self.descending else counted > bound
        if then is not None:
            past = and_(counted <= bound if self.descending else counted >= bound, or_(past, then))
        return or_(past, column.is_(None)) if column.nullable else past


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some rows of a list, the cursor to go on with, and how many rows there are in all, where that was counted."""

    rows: Sequence[T]
    next: str | None
    total: int | None


class LongPage(Struct, Generic[T], frozen=True):
    """One page of a list that grows, in the shape the web app reads; `next` is null on the last one.

    After a cursor nothing is counted: `total`, `page` and `pages` are null.
    """

    items: list[T]
    total: int | None
    page: int | None
    size: int
    pages: int | None
    next: str | None

    @classmethod
    def of(cls, items: Iterable[T], *, part: Part[Any], window: Window) -> Self:
        """Say where `items` stand in their list, and how to go on."""
        if part.total is None:
            return cls(list(items), None, None, window.size, None, part.next)
        return cls(list(items), part.total, window.page, window.size, -(-part.total // window.size), part.next)


def long_window(page: PageNumber = 1, size: PageSize = 20, after: Cursor = None) -> Window:
    """Read the wanted part of a list that grows."""
    return Window(page, size, after)


def wide_long_window(page: PageNumber = 1, size: WidePageSize = 20, after: Cursor = None) -> Window:
    """Read the wanted part of a list that grows, and that the web app also asks for as a whole."""
    return Window(page, size, after)


LONG_WINDOW: Final = {"window": Provider(long_window)}
WIDE_LONG_WINDOW: Final = {"window": Provider(wide_long_window)}


async def cut(session: AsyncSession, stmt: Columns, window: Window, *keys: Key, count: Select[int]) -> Part[Any]:
    """Read the wanted part of a list; `count` is asked only where the rows do not tell the total.

    Raises:
        BadCursor: The cursor is none of this list.
    """
    part = part_found((await session.execute(part_wanted(stmt, window, *keys))).all(), window, *keys)
    if part.total is None and window.after is None:
        part = replace(part, total=await session.scalar(count))
    return part


def part_found(found: Sequence[Any], window: Window, *keys: Key) -> Part[Any]:
    """Make the part from the rows of `part_wanted`."""
    return part_of(found[: window.size], window, *keys, goes_on=len(found) > window.size)


def part_of(rows: Sequence[Any], window: Window, *keys: Key, goes_on: bool) -> Part[Any]:
    """Make a part of these rows, which its list has more of or not; `total` is None where that does not tell it."""
    is_last = window.after is None and not goes_on and (rows or window.page == 1)
    return Part(rows, _cursor(rows[-1], keys) if goes_on else None, window.offset + len(rows) if is_last else None)


def part_wanted(stmt: Columns, window: Window, *keys: Key) -> Columns:
    """Select the wanted part of a statement's rows, and one row more, which tells whether the list goes on.

    The last key is unique. The statement gives rows, or columns that include those of the keys.

    Raises:
        BadCursor: The cursor is none of this list.
    """
    wanted = stmt.order_by(*(key.order for key in keys)).limit(window.size + 1)
    return wanted.offset(window.offset) if window.after is None else _after(wanted, window.after, *keys)


def _after(stmt: Columns, cursor: str, *keys: Key) -> Columns:
    """Narrow a statement sorted by these keys, the last of them unique, to what comes after the cursor.

    Rows written meanwhile move nothing: each row that was there is met exactly once.

    Raises:
        BadCursor: It is none, or was given by a list of another order.
    """
    place = read_cursor(cursor, _Place)
    if place.order != _name(keys) or len(place.values) != len(keys):
        raise BadCursor
    beyond = None
    try:
        for key, value in reversed([*zip(keys, place.values, strict=True)]):
            beyond = key.beyond(key.read(value), beyond)
    except ValueError as unknown:
        raise BadCursor from unknown
    return stmt if beyond is None else stmt.where(beyond)


def write_cursor(place: Struct) -> str:
    """Turn a place in a list into an opaque text."""
    return urlsafe_b64encode(json.encode(place)).decode().rstrip("=")


def read_cursor(cursor: str, kind: type[PlaceT], *, name: str = "after") -> PlaceT:
    """Turn the text back into the place.

    Raises:
        BadCursor: It is none.
    """
    try:
        return json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (ValueError, DecodeError) as unknown:
        raise BadCursor(name) from unknown


class _Place(Struct, frozen=True, array_like=True):
    """The last row shown: the order of its list, and its values in that order."""

    order: str
    values: list[Any]


def _cursor(row: Any, keys: tuple[Key, ...]) -> str:
    holder = row[0] if isinstance(row[0], Row) else row
    return write_cursor(_Place(_name(keys), [getattr(holder, key.column.key) for key in keys]))


@lru_cache(maxsize=64)
def _name(keys: tuple[Key, ...]) -> str:
    """Tell orders apart without revealing them."""
    said = ",".join(f"{key.column} {key.descending}{f' {key.order}' if key.by else ''}" for key in keys)
    return sha256(said.encode()).hexdigest()[:8]


_WITH_ZONE: Final = Annotated[datetime, Meta(tz=True)]
