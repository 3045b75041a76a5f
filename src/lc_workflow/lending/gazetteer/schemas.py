"""Places as answers, and as the lines of the public list."""

from typing import Annotated

from msgspec import Meta, Struct

from lc_workflow.lending.rules.gazetteer import Level


class PlaceAnswer(Struct, frozen=True):
    """A place with its names, and the code of the place it lies in."""

    code: str
    parent_code: str | None
    level: Level
    name_en: str
    name_km: str


Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$(?!\n)")]
"""A name on one line; the database keeps no zero bytes."""


class PlaceLine(Struct, frozen=True):
    """A place as the public list names it; codes are text, leading zeros included."""

    code: str
    name_en: Name
    name_km: Name
