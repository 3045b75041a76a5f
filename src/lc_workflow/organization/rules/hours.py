"""When a branch is at work: adding working time to a moment, and counting it between two."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from lc_workflow.kernel.errors import Invalid

ZONE: Final = "Asia/Phnom_Penh"
MIDNIGHT: Final = time(0)
"""As the end of a shift: the day's last moment."""

LONGEST_SEARCH: Final = 731
"""Days after which a branch that never opens is given up."""


class NeverOpen(Invalid):
    """The branch is not at work on any day, so no working time passes there."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of work on one day, in the branch's own time; a lunch break lies between two."""

    begins: time
    ends: time


def shifts_of_day(opens: time, closes: time, lunch: tuple[time, time] | None = None) -> tuple[Shift, ...]:
    """Split a day at its lunch break."""
    if lunch is None:
        return (Shift(opens, closes),)
    return (Shift(opens, lunch[0]), Shift(lunch[1], closes))


OFFICE_DAY: Final = shifts_of_day(time(8), time(17), (time(12), time(13)))
OFFICE_WEEK: Final[Mapping[int, tuple[Shift, ...]]] = MappingProxyType(dict.fromkeys(range(5), OFFICE_DAY))
"""Monday (0) to Friday, eight hours a day: what holds for a branch until it says otherwise."""


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """The hours of one branch: shifts by weekday (Monday is 0), holidays, and the time zone they are meant in.

    Time that a clock change takes away or gives is counted as it really passes.
    """

    week: Mapping[int, tuple[Shift, ...]] = field(default_factory=lambda: OFFICE_WEEK)
    holidays: frozenset[date] = frozenset()
    zone: str = ZONE

    def after(self, moment: datetime, working: timedelta) -> datetime:
        """The moment, in UTC, at which `working` time has passed since `moment`.

        Time outside the hours does not count; what ends with a shift ends with it and not at the next opening.

        Raises:
            NeverOpen: The branch is not at work within two years.
        """
        left = working
        if left <= timedelta(0):
            return moment.astimezone(UTC)
        for begins, ends in self._stretches(moment):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        raise NeverOpen("The branch is not at work long enough within two years; set its hours first.")

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """How much working time passes from one moment to a later one; none when it is not later."""
        passed = timedelta(0)
        if end <= begin:
            return passed
        for begins, ends in self._stretches(begin, until=end):
            if begins >= end:
                break
            passed += min(ends, end) - begins
        return passed

    def is_open(self, moment: datetime) -> bool:
        """Whether the branch is at work."""
        return next(((begins <= moment) for begins, _ in self._stretches(moment)), False)

    def _stretches(self, moment: datetime, *, until: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of work after a moment, in UTC; the first is cut where it has begun already."""
        zone = ZoneInfo(self.zone)
        since = moment.astimezone(UTC)
        day = moment.astimezone(zone).date()
        last = until.astimezone(zone).date() if until else day + timedelta(days=LONGEST_SEARCH)
        while day <= last:
            for shift in () if day in self.holidays else self.week.get(day.weekday(), ()):
                closing = day + timedelta(days=1) if shift.ends == MIDNIGHT else day
                begins = datetime.combine(day, shift.begins, zone).astimezone(UTC)
                ends = datetime.combine(closing, shift.ends, zone).astimezone(UTC)
                if ends > since:
                    yield max(begins, since), ends
            day += timedelta(days=1)
