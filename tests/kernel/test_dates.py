"""Days as the branches live them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import dates, datetimes

from lc_workflow.kernel.dates import PHNOM_PENH, begin_of, end_of


def test_a_day_in_phnom_penh_begins_seven_hours_before_utc() -> None:
    assert begin_of(date(2026, 11, 24)) == datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    assert end_of(date(2026, 11, 24)) == datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@given(datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - the zone follows
def test_every_moment_lies_in_exactly_one_day(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    day = moment.astimezone(PHNOM_PENH).date()
    assert begin_of(day) <= moment < end_of(day)
    assert end_of(day) == begin_of(day + timedelta(days=1))


@given(dates())
def test_no_day_of_the_calendar_is_refused(day: date) -> None:
    assert begin_of(day) < end_of(day)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_have_a_moment(day: date) -> None:
    assert begin_of(day).tzinfo is end_of(day).tzinfo is UTC
