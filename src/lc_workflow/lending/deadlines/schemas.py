"""Deadlines of stages as requests and answers."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from lc_workflow.lending.rules.stages import Stage


class StageMinutes(Struct, frozen=True):
    """How many working minutes a stage may take; null goes back to the default."""

    EXAMPLE: ClassVar[dict[str, object]] = {"minutes": 480}

    minutes: Annotated[int, Meta(ge=1, le=100_000)] | None = None


class StageMinutesAnswer(Struct, frozen=True):
    """How many working minutes a stage may take; `is_default` says that nobody has set it."""

    stage: Stage
    minutes: int
    is_default: bool
