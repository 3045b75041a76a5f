"""Days as the branches live them."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import available_timezones

PHNOM_PENH: Final = timezone(timedelta(hours=7), "Asia/Phnom_Penh")
"""Where the branches are; Cambodia keeps no daylight saving, so its offset never changes."""


def local_day(moment: datetime) -> date:
    """The day it is at the branches at this moment."""
    return moment.astimezone(PHNOM_PENH).date()


def begin_of(day: date) -> datetime:
    """The moment a day begins at the branches, in UTC.

    `date.min` would begin before the first moment there is; the beginning of the next day stands in for it.
    """
    return datetime.combine(max(day, _SECOND_DAY), time(), PHNOM_PENH).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The moment a day is over at the branches, in UTC: the first moment of the next day.

    `date.max` has no next day; its end is the last moment there is.
    """
    return begin_of(day + timedelta(days=1)) if day < date.max else datetime.max.replace(tzinfo=UTC)


_SECOND_DAY: Final = date.min + timedelta(days=1)


def is_time_zone(name: str) -> bool:
    """Whether this is the name of a time zone; not `localtime`, which means something else on each machine."""
    return name in available_timezones() - {"localtime", "Factory"}
