"""Conditions as requests."""

from typing import ClassVar

from msgspec import Struct

from lc_workflow.platform.http.shapes import Note


class Closing(Struct, frozen=True):
    """How a condition was met."""

    EXAMPLE: ClassVar[dict[str, object]] = {"note": "The title was handed in"}

    note: Note | None = None
