"""How long an approval holds."""

from datetime import timedelta

import pytest

from lc_workflow.lending.rules.expiry import USUAL_DAYS, begin_of_validity, valid_days, valid_until
from tests.moments import NOON


@pytest.mark.parametrize("nonsense", [None, 0, -1, "30", True, 5_000, 3.5, [30]])
def test_a_setting_that_makes_no_sense_is_taken_as_the_usual_one(nonsense: object) -> None:
    assert valid_days(nonsense) == USUAL_DAYS


def test_an_approval_holds_for_so_many_days() -> None:
    assert valid_until(NOON, days=valid_days(14)) == NOON + timedelta(days=14)
    assert begin_of_validity(NOON + timedelta(days=14), days=14) == NOON
