"""Hours and holidays as requests and answers."""

from datetime import date
from typing import Annotated, ClassVar
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

    EXAMPLE: ClassVar[dict[str, object]] = {
        "time_zone": "Asia/Phnom_Penh",
        "week": [
            {"weekday": 1, "opens": "08:00", "closes": "17:00", "lunch_begins": "12:00", "lunch_ends": "13:00"},
            {"weekday": 2, "opens": "08:00", "closes": "17:00", "lunch_begins": "12:00", "lunch_ends": "13:00"},
        ],
    }

    time_zone: Annotated[str, Meta(max_length=60, examples=["Asia/Phnom_Penh"])] = "Asia/Phnom_Penh"
    week: Annotated[list[WorkingDay], Meta(max_length=7)]


class HoursAnswer(Struct, frozen=True):
    """When a branch is at work; `is_default` says that nobody has set its hours yet."""

    branch_id: UUID
    time_zone: str
    week: tuple[WorkingDay, ...]
    is_default: bool


class NewHoliday(Struct, frozen=True, kw_only=True):
    """A day on which a branch is closed, or without a branch the whole institution."""

    EXAMPLE: ClassVar[dict[str, object]] = {"day": "2027-04-14", "name": "Khmer New Year"}

    day: date
    name: Name
    branch_id: UUID | None = None


class HolidayAnswer(Struct, frozen=True):
    """A holiday."""

    id: UUID
    day: date
    name: str
    branch_id: UUID | None
