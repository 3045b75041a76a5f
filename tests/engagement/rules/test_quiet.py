"""Hours in which people are left alone, and when e-mail to them is due."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lc_workflow.engagement.rules.quiet import MailFrequency, Quiet, email_due, is_quiet
from lc_workflow.kernel.dates import PHNOM_PENH

NIGHT = Quiet(time(22), time(8))
LUNCH = Quiet(time(12), time(13))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=PHNOM_PENH)


@pytest.mark.parametrize(
    ("quiet", "moment", "over"),
    [
        (NIGHT, at(24, 21, 59), at(24, 21, 59)),
        (NIGHT, at(24, 22), at(25, 8)),
        (NIGHT, at(25, 3), at(25, 8)),
        (NIGHT, at(25, 8), at(25, 8)),
        (LUNCH, at(24, 11, 59), at(24, 11, 59)),
        (LUNCH, at(24, 12), at(24, 13)),
        (LUNCH, at(24, 13), at(24, 13)),
        (Quiet(time(9), time(9)), at(24, 10), at(25, 9)),
    ],
)
def test_quiet_hours_end_on_the_branches_clock(quiet: Quiet, moment: datetime, over: datetime) -> None:
    assert quiet.over_at(moment) == over
    assert is_quiet(quiet, moment) == (over > moment)


def test_who_has_no_quiet_hours_is_never_left_alone() -> None:
    assert not is_quiet(None, at(24, 3))


@pytest.mark.parametrize(
    ("frequency", "quiet", "written", "due"),
    [
        (MailFrequency.IMMEDIATE, None, at(24, 23), at(24, 23)),
        (MailFrequency.IMMEDIATE, NIGHT, at(24, 23), at(25, 8)),
        (MailFrequency.DAILY, None, at(24, 7, 59), at(24, 8)),
        (MailFrequency.DAILY, None, at(24, 8), at(25, 8)),
        (MailFrequency.DAILY, Quiet(time(7), time(9)), at(24, 12), at(25, 9)),
        (MailFrequency.WEEKLY, None, at(24, 12), at(30, 8)),  # 24 November 2026 is a Tuesday
        (MailFrequency.WEEKLY, None, at(23, 7), at(23, 8)),
    ],
)
def test_e_mail_is_due_as_its_person_wants_it(
    frequency: MailFrequency, quiet: Quiet | None, written: datetime, due: datetime
) -> None:
    assert email_due(written, frequency, quiet) == due


@given(some.times(), some.times(), some.integers(0, 24 * 60))
def test_quiet_hours_always_end_within_a_day(begin: time, end: time, minute: int) -> None:
    local = at(24, 0) + timedelta(minutes=minute)
    assert local <= Quiet(begin, end).over_at(local) <= local + timedelta(days=1)
