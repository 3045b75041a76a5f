"""How long an approval holds."""

from datetime import UTC, datetime, timedelta

import pytest

from lc_workflow.lending.rules.expiry import USUAL_DAYS, ApprovalExpired, begin_of_validity, valid_days, valid_until
from tests.moments import NOON


@pytest.mark.parametrize("nonsense", [None, 0, -1, "30", True, 5_000, 3.5, [30]])
def test_a_setting_that_makes_no_sense_is_taken_as_the_usual_one(nonsense: object) -> None:
    assert valid_days(nonsense) == USUAL_DAYS


def test_a_month_is_usual_and_ten_years_are_the_most() -> None:
    assert USUAL_DAYS == 30
    assert [valid_days(days) for days in (1, 3_650, 3_651)] == [1, 3_650, 30]


def test_an_approval_holds_for_so_many_days() -> None:
    assert valid_until(NOON, days=valid_days(14)) == NOON + timedelta(days=14)
    assert begin_of_validity(NOON + timedelta(days=14), days=14) == NOON


def test_its_end_is_told_by_the_clock_of_the_branches() -> None:
    night = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    assert "24.11.2026, 01:30" in ApprovalExpired(night).detail
