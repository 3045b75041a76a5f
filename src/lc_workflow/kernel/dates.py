"""Days as the branches live them."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import available_timezones

PHNOM_PENH: Final = timezone(timedelta(hours=7), "Asia/Phnom_Penh")
"""Where the branches are; Cambodia keeps no daylight saving, so its offset never changes."""


def begin_of(day: date) -> datetime:
    """The moment a day begins in the branches, in UTC; the calendar's very first day began before its own time."""
    return datetime.combine(max(day, _SECOND_DAY), time(), PHNOM_PENH).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The moment a day is over in the branches, in UTC: the first that no longer belongs to it.

    The last day a calendar can name has no morrow; its end is taken as the last moment there is.
    """
    return begin_of(day + timedelta(days=1)) if day < date.max else datetime.max.replace(tzinfo=UTC)


_SECOND_DAY: Final = date.min + timedelta(days=1)


def is_time_zone(name: str) -> bool:
    """Whether a name is that of a time zone everywhere; `localtime` is another one on each machine."""
    return name in available_timezones() - {"localtime", "Factory"}
