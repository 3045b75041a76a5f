"""Working days are counted back past weekends."""

from datetime import UTC, date, datetime, time

import pytest

from lc_workflow.seeding.calendar import moment, working_day

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("days_ago", "day"),
    [(0, TUESDAY), (1, date(2026, 11, 23)), (2, date(2026, 11, 20)), (6, date(2026, 11, 16)), (7, date(2026, 11, 13))],
)
def test_a_weekend_does_not_count(days_ago: int, day: date) -> None:
    assert working_day(days_ago, today=TUESDAY) == day


def test_a_moment_is_told_by_the_clock_of_the_branches() -> None:
    late_evening_in_utc = datetime(2026, 11, 23, 20, tzinfo=UTC)  # a Tuesday in Phnom Penh already
    assert moment(1, time(9), now=late_evening_in_utc) == datetime(2026, 11, 23, 2, tzinfo=UTC)
