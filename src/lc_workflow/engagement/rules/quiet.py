"""When a person wants to be left alone, and when an e-mail to them is due."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from lc_workflow.kernel.dates import PHNOM_PENH

DIGEST_AT: Final = time(8)
"""When the e-mail of a day, or of a week on its Monday, is sent."""


class MailFrequency(StrEnum):
    """How often a person wants e-mail."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of each day in which a person is not disturbed, in the branches' time.

    `begin` is included and `end` is not; they may go over midnight. Equal ones mean the whole day, every day.
    """

    begin: time
    end: time

    def over_at(self, at: datetime) -> datetime:
        """The moment from `at` on when the person may be disturbed; `at` itself outside the hours.

        With quiet hours around the clock this is the next end of them, so that nobody waits for ever.
        """
        local = at.astimezone(PHNOM_PENH)
        now = local.time()
        over_midnight = self.begin >= self.end
        within = now >= self.begin or now < self.end if over_midnight else self.begin <= now < self.end
        if not within:
            return at
        end = datetime.combine(local.date(), self.end, PHNOM_PENH)
        return (end if end > local else end + timedelta(days=1)).astimezone(at.tzinfo)


def is_quiet(quiet: Quiet | None, at: datetime) -> bool:
    """Whether a person is not to be disturbed at a moment."""
    return quiet is not None and quiet.over_at(at) > at


def email_due(written: datetime, frequency: MailFrequency, quiet: Quiet | None) -> datetime:
    """When the e-mail for something written at a moment is due."""
    due = written
    if frequency is not MailFrequency.IMMEDIATE:
        local = written.astimezone(PHNOM_PENH)
        day = local.date() if local.time() < DIGEST_AT else local.date() + timedelta(days=1)
        if frequency is MailFrequency.WEEKLY:
            day += timedelta(days=-day.weekday() % 7)
        due = datetime.combine(day, DIGEST_AT, PHNOM_PENH).astimezone(written.tzinfo)
    return quiet.over_at(due) if quiet else due
