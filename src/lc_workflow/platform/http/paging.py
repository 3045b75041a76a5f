"""Lists in pages: `?page=&size=` in, `{items, total, page, size, pages}` out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Generic, Self, TypeAlias, TypeVar

from litestar.di import Provide
from litestar.params import QueryParameter
from msgspec import DecodeError, Struct, json

from lc_workflow.kernel.errors import FieldError, Invalid

T = TypeVar("T")
PlaceT = TypeVar("PlaceT", bound=Struct)

LAST_PAGE: Final = 1_000_000
"""Beyond it nobody pages; the refusal comes before the database is asked to count that far."""


class BadCursor(Invalid):
    """A cursor is none that an answer gave, or belongs to another list."""

    def __init__(self) -> None:
        """Say what would help."""
        super().__init__(
            "This cursor is not known here; begin without one.", errors=(FieldError("cursor", "is not known", "query"),)
        )


Cursor: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=1_000, description="Where to go on: the `next` of the answer before.")
]


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


def write_cursor(place: Struct) -> str:
    """Turn a place in a list into text that nobody needs to read."""
    return urlsafe_b64encode(json.encode(place)).decode().rstrip("=")


def read_cursor(cursor: str, kind: type[PlaceT]) -> PlaceT:
    """Turn the text back into the place.

    Raises:
        BadCursor: It is none.
    """
    try:
        return json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (ValueError, DecodeError) as unknown:
        raise BadCursor from unknown
