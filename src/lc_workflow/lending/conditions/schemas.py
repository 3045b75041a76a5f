"""Conditions as requests."""

from msgspec import Struct

from lc_workflow.platform.http.shapes import Note


class Closing(Struct, frozen=True):
    """How a condition was met."""

    note: Note | None = None
