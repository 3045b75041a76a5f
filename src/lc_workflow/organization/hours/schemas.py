"""Hours and holidays as requests and answers."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.platform.http.shapes import Name

Weekday = Annotated[int, Meta(ge=1, le=7, description="Monday is 1, Sunday 7.")]


ClockTime = Annotated[
    str, Meta(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", description="HH:MM.", examples=["08:00"])
]


class WorkingDay(Struct, frozen=True, kw_only=True):
    """The hours of one weekday, in the branch's own time; a day that closes at 00:00 lasts until midnight."""

    weekday: Weekday
    opens: ClockTime
    closes: ClockTime
    lunch_begins: ClockTime | None = None
    lunch_ends: ClockTime | None = None


class Hours(Struct, frozen=True, kw_only=True):
    """When a branch is at work; weekdays that are not listed are free."""

    time_zone: Annotated[str, Meta(max_length=60, examples=["Asia/Phnom_Penh"])] = "Asia/Phnom_Penh"
    week: Annotated[tuple[WorkingDay, ...], Meta(max_length=7)]


class HoursAnswer(Struct, frozen=True):
    """When a branch is at work; `is_default` says that nobody has set its hours yet."""

    branch_id: UUID
    time_zone: str
    week: tuple[WorkingDay, ...]
    is_default: bool


class NewHoliday(Struct, frozen=True, kw_only=True):
    """A day on which a branch is closed, or without a branch the whole institution."""

    day: date
    name: Name
    branch_id: UUID | None = None


class HolidayAnswer(Struct, frozen=True):
    """A holiday."""

    id: UUID
    day: date
    name: str
    branch_id: UUID | None
