"""Lists in pages: `?page=&size=` in, `{items, total, page, size, pages}` out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Generic, Self, TypeVar

from litestar.di import Provide
from litestar.params import QueryParameter
from msgspec import Struct

T = TypeVar("T")

LAST_PAGE: Final = 1_000_000
"""Beyond it nobody pages; the refusal comes before the database is asked to count that far."""


class SortOrder(StrEnum):
    """Which end of a sorted list comes first."""

    ASC = "asc"
    DESC = "desc"


PageNumber = Annotated[int, QueryParameter(ge=1, le=LAST_PAGE, description="Which page, from 1.")]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that is wanted: `page` counts from 1, `size` is rows a page."""

    page: int = 1
    size: int = 20

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


def window(
    page: PageNumber = 1,
    size: Annotated[int, QueryParameter(ge=1, le=100, description="Rows a page, at most 100.")] = 20,
) -> Window:
    """Read the wanted part of a list."""
    return Window(page, size)


def wide_window(
    page: PageNumber = 1,
    size: Annotated[int, QueryParameter(ge=1, le=1_000, description="Rows a page, at most 1000.")] = 20,
) -> Window:
    """Read the wanted part of a list that the web app also asks for as a whole (applications, files)."""
    return Window(page, size)


WINDOW: Final = {"window": Provide(window, sync_to_thread=False)}
WIDE_WINDOW: Final = {"window": Provide(wide_window, sync_to_thread=False)}
