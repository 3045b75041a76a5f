"""Lists in pages: `?page=&size=` in, `{items, total, page, size, pages}` out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Generic, Self, TypeVar, TypeVarTuple

from litestar.params import QueryParameter
from msgspec import Struct
from sqlalchemy import Row as Read
from sqlalchemy import Select, func
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.http.provide import Provider

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LAST_PAGE: Final = 1_000_000
"""Nobody pages further; asking for more is refused before the database counts that far."""


class SortOrder(StrEnum):
    """Which end of a sorted list comes first."""

    ASC = "asc"
    DESC = "desc"


PageNumber = Annotated[int, QueryParameter(ge=1, le=LAST_PAGE, description="Which page, from 1.")]
PageSize = Annotated[int, QueryParameter(ge=1, le=100, description="Rows a page, at most 100.")]
WidePageSize = Annotated[int, QueryParameter(ge=1, le=1_000, description="Rows a page, at most 1000.")]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that is wanted: `page` counts from 1, `size` is rows per page.

    With a cursor it is what comes after that, and `page` is ignored.
    """

    page: int = 1
    size: int = 20
    after: str | None = None

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.size


class Page(Struct, Generic[T], frozen=True):
    """One page of a list, in the shape the web app reads."""

    items: list[T]
    total: int
    page: int
    size: int
    pages: int

    @classmethod
    def of(cls, items: Iterable[T], *, total: int, window: Window) -> Self:
        """Say where `items` stand in a list of `total` rows."""
        return cls(list(items), total, window.page, window.size, -(-total // window.size))


async def read_page(session: AsyncSession, stmt: Select[*Ts], window: Window) -> tuple[Sequence[Read[*Ts]], int]:
    """Read one page of what a statement without groups gives, and count all its rows."""
    rows = await session.execute(stmt.limit(window.size).offset(window.offset))
    counted = stmt.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    return rows.all(), await session.scalar(counted) or 0


def window(page: PageNumber = 1, size: PageSize = 20) -> Window:
    """Read the wanted part of a list."""
    return Window(page, size)


def wide_window(page: PageNumber = 1, size: WidePageSize = 20) -> Window:
    """Read the wanted part of a list that the web app also asks for as a whole (applications, files)."""
    return Window(page, size)


WINDOW: Final = {"window": Provider(window)}
WIDE_WINDOW: Final = {"window": Provider(wide_window)}
