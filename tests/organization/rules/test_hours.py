"""Working time over nights, lunch, weekends and holidays, as a table; and its arithmetic on any moments."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.organization.rules.hours import BusinessHours, NeverOpen, Shift, shifts_of_day

PHNOM_PENH = ZoneInfo("Asia/Phnom_Penh")
NEW_YEAR = frozenset({date(2027, 4, 14), date(2027, 4, 15), date(2027, 4, 16)})
OFFICE = BusinessHours(holidays=NEW_YEAR)
SATURDAYS = BusinessHours(week={**OFFICE.week, 5: shifts_of_day(time(8), time(12))})


def at(text: str, zone: ZoneInfo = PHNOM_PENH) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# 2026-11-27 is a Friday.
AFTER = [
    ("inside a morning", OFFICE, "2026-11-27T09:00", 60, "2026-11-27T10:00"),
    ("lunch does not count", OFFICE, "2026-11-27T11:30", 60, "2026-11-27T13:30"),
    ("to the minute of lunch", OFFICE, "2026-11-27T11:00", 60, "2026-11-27T12:00"),
    ("from the middle of lunch", OFFICE, "2026-11-27T12:30", 15, "2026-11-27T13:15"),
    ("to the minute of closing", OFFICE, "2026-11-27T16:00", 60, "2026-11-27T17:00"),
    ("over the weekend", OFFICE, "2026-11-27T16:00", 90, "2026-11-30T08:30"),
    ("from a Sunday", OFFICE, "2026-11-29T10:00", 30, "2026-11-30T08:30"),
    ("before opening", OFFICE, "2026-11-27T05:00", 30, "2026-11-27T08:30"),
    ("a whole day is eight hours", OFFICE, "2026-11-26T10:00", 480, "2026-11-27T10:00"),
    ("over the New Year and a weekend", OFFICE, "2027-04-13T16:00", 120, "2027-04-19T09:00"),
    ("a Saturday morning counts", SATURDAYS, "2026-11-27T16:00", 120, "2026-11-28T09:00"),
    ("and its afternoon does not", SATURDAYS, "2026-11-28T11:00", 120, "2026-11-30T09:00"),
    ("nothing to add", OFFICE, "2026-11-28T11:00", 0, "2026-11-28T11:00"),
    ("fifty working days", OFFICE, "2026-11-27T08:00", 50 * 480, "2027-02-04T17:00"),
]


@pytest.mark.parametrize(
    ("hours", "begin", "minutes", "end"), [row[1:] for row in AFTER], ids=[row[0] for row in AFTER]
)
def test_working_time_is_added(hours: BusinessHours, begin: str, minutes: int, end: str) -> None:
    moment = hours.after(at(begin), timedelta(minutes=minutes))
    assert moment == at(end)
    assert moment.tzinfo is UTC
    assert hours.between(at(begin), moment) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("zone", "opening"),
    [
        ("Asia/Phnom_Penh", "2026-11-30T01:00+00:00"),
        ("Asia/Kathmandu", "2026-11-30T02:15+00:00"),
        ("Asia/Tokyo", "2026-11-29T23:00+00:00"),
        ("Pacific/Kiritimati", "2026-11-29T18:00+00:00"),
        ("America/Phoenix", "2026-11-30T15:00+00:00"),
    ],
)
def test_hours_are_meant_in_the_branches_own_time(zone: str, opening: str) -> None:
    hours = BusinessHours(zone=zone)
    friday = at("2026-11-27T16:30", ZoneInfo(zone))
    assert hours.after(friday, timedelta(minutes=31)) == datetime.fromisoformat(opening) + timedelta(minutes=1)
    assert hours.is_open(datetime.fromisoformat(opening))
    assert not hours.is_open(datetime.fromisoformat(opening) - timedelta(seconds=1))


def test_where_clocks_change_time_counts_as_it_passes() -> None:
    night = BusinessHours(week=dict.fromkeys(range(7), (Shift(time(0), time(0)),)), zone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    spring, autumn = date(2027, 3, 28), date(2027, 10, 31)
    for day, length in ((spring, 23), (autumn, 25), (date(2027, 6, 1), 24)):
        midnight = datetime.combine(day, time(0), berlin)
        assert night.between(midnight, midnight + timedelta(days=1)) == timedelta(hours=length)


def test_an_evening_shift_ends_at_midnight() -> None:
    evening = BusinessHours(week={4: (Shift(time(20), time(0)),)})  # Fridays
    assert evening.between(at("2026-11-27T20:00"), at("2026-11-28T12:00")) == timedelta(hours=4)
    assert evening.after(at("2026-11-27T23:00"), timedelta(hours=1)) == at("2026-11-28T00:00")
    assert evening.is_open(at("2026-11-27T23:59"))
    assert not evening.is_open(at("2026-11-28T00:00"))


@pytest.mark.parametrize("hours", [BusinessHours(week={}), BusinessHours(week={0: ()})])
def test_a_branch_that_never_opens_is_said_so(hours: BusinessHours) -> None:
    with pytest.raises(NeverOpen):
        hours.after(at("2026-11-27T09:00"), timedelta(minutes=1))
    assert not hours.is_open(at("2026-11-27T09:00"))
    assert hours.between(at("2026-11-27T09:00"), at("2026-12-27T09:00")) == timedelta(0)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001 - given a zone at once
MINUTES = st.integers(0, 10_000).map(lambda count: timedelta(minutes=count))


@given(MOMENTS, MINUTES, MINUTES)
def test_adding_twice_is_adding_the_sum(moment: datetime, one: timedelta, other: timedelta) -> None:
    assert OFFICE.after(OFFICE.after(moment, one), other) == OFFICE.after(moment, one + other)
    assert OFFICE.between(moment, OFFICE.after(moment, one)) == one


@given(MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up(first: datetime, second: datetime, third: datetime) -> None:
    first, second, third = sorted((first, second, third))
    assert OFFICE.between(first, second) + OFFICE.between(second, third) == OFFICE.between(first, third)
    assert OFFICE.between(third, first) == timedelta(0)
