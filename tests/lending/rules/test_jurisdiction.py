"""The law of the place: what Cambodia forbids, and a place that forbids nothing."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lc_workflow.lending.rules.jurisdiction import (
    Offer,
    Profile,
    fees_lift_above_the_ceiling,
    rate_held_to_the_ceiling,
    refusals,
)
from lc_workflow.lending.rules.schedule import Method

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/jurisdiction.json").read_text())
PROFILES = {
    "KH": Profile("KH", Decimal(18), flat_allowed=False, prohibited_collateral=frozenset({"identity_papers"})),
    "NONE": Profile("NONE"),
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_law_answers_as_written_down(vector: dict[str, Any]) -> None:
    rate = Decimal(vector["annual_rate"])
    interest = Decimal(vector.get("interest_rate", rate))
    offer = Offer(Method(vector["method"]), rate, interest, Decimal(vector.get("rate_with_fees", interest)))
    profile = PROFILES[vector["profile"]]
    assert [refusal.code for refusal in refusals(profile, offer)] == vector["refusals"]
    assert fees_lift_above_the_ceiling(profile, offer) is vector["warning"]
    if "held" in vector:
        assert f"{rate_held_to_the_ceiling(profile, offer):.4f}" == vector["held"]


def test_where_fees_count_they_can_break_the_ceiling() -> None:
    profile = Profile("KH", Decimal(18), fees_count=True)
    offer = Offer(Method.ANNUITY, Decimal(18), Decimal(18), Decimal("22.9024"))
    assert [refusal.code for refusal in refusals(profile, offer)] == ["RateCapExceeded"]


def test_identity_papers_are_no_collateral() -> None:
    offer = Offer(Method.ANNUITY, Decimal(12), Decimal(12), Decimal(12), ["land", "identity_papers"])
    assert [refusal.code for refusal in refusals(PROFILES["KH"], offer)] == ["CollateralProhibited"]
    assert refusals(PROFILES["NONE"], offer) == ()


@pytest.mark.parametrize(
    "written", ["Identity Papers", "identity-papers", " IDENTITY  papers ", "identity_\u200bpapers"]
)
def test_what_is_no_collateral_is_none_however_it_is_written(written: str) -> None:
    offer = Offer(Method.ANNUITY, Decimal(12), Decimal(12), Decimal(12), ["land", written])
    assert [refusal.code for refusal in refusals(PROFILES["KH"], offer)] == ["CollateralProhibited"]
