"""The working days on which the demo institution's story happened, counted back from today."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from lc_workflow.kernel.dates import PHNOM_PENH, local_day

SATURDAY: Final = 5


def working_day(days_ago: int, *, today: date) -> date:
    """Name the working day, Monday to Friday, that lies so many working days before today."""
    day = today
    while days_ago > 0:
        day -= timedelta(days=1)
        if day.weekday() < SATURDAY:
            days_ago -= 1
    return day


def moment(days_ago: int, at: time, *, now: datetime) -> datetime:
    """Name the moment at a time of day in Phnom Penh, so many working days before now."""
    today = local_day(now)
    return datetime.combine(working_day(days_ago, today=today), at, PHNOM_PENH).astimezone(UTC)
