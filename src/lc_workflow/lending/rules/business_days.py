"""Business days: where a due date moves that falls on a weekend or a holiday."""

from collections.abc import Collection
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


class BusinessDay(StrEnum):
    """Where a due date moves that is not a business day."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"


def is_business_day(day: date, holidays: Collection[date]) -> bool:
    """Whether the branches work on this day: from Monday to Friday, unless it is a holiday."""
    return day.weekday() < _SATURDAY and day not in holidays


def on_business_day(day: date, rule: BusinessDay, holidays: Collection[date]) -> date:
    """The day on which what is due on `day` is paid (lending.md §3).

    `modified_following` goes back where going on would leave the month.

    Raises:
        OverflowError: The calendar ends before the next business day.
    """
    if rule is BusinessDay.NONE:
        return day
    if rule is BusinessDay.PRECEDING:
        return _nearest(day, -_DAY, holidays)
    following = _nearest(day, _DAY, holidays)
    if rule is BusinessDay.MODIFIED_FOLLOWING and following.month != day.month:
        return _nearest(day, -_DAY, holidays)
    return following


def _nearest(day: date, step: timedelta, holidays: Collection[date]) -> date:
    while not is_business_day(day, holidays):
        day += step
    return day
