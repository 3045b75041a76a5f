"""What the scorecard recommends: the written-down cases, and a missing value that never approves."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.lending.rules.scoring import (
    Grade,
    PointBand,
    Recommendation,
    Scorecard,
    ScorecardIncomplete,
    check_scorecard,
    score,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/scoring.json").read_text())
RAW = VECTORS["scorecard"]
CARD = Scorecard(
    RAW["code"],
    RAW["version"],
    RAW["base"],
    {
        name: tuple(
            PointBand(Decimal(band["low"]), Decimal(band["high"]) if band["high"] else None, band["points"])
            for band in bands
        )
        for name, bands in RAW["attributes"].items()
    },
    tuple(
        Grade(grade["name"], grade["points"], grade["risk"], Recommendation(grade["recommendation"]))
        for grade in RAW["grades"]
    ),
)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_loan_is_scored_as_written_down(case: dict[str, Any]) -> None:
    found = score(CARD, {name: None if value is None else Decimal(value) for name, value in case["values"].items()})
    assert found.points == case["points"]
    assert (found.total, found.grade, found.risk) == (case["total"], case["grade"], case["risk"])
    assert list(found.missing) == case["missing"]
    assert found.recommendation == case["recommendation"]


def test_bands_begin_where_they_say() -> None:
    assert score(CARD, {"dti_pct": Decimal("29.9999")}).points["dti_pct"] == 30
    assert score(CARD, {"dti_pct": Decimal(30)}).points["dti_pct"] == 20
    assert score(CARD, {"dti_pct": Decimal(-1)}).missing == tuple(CARD.attributes)


VALUES = st.dictionaries(st.sampled_from(list(CARD.attributes)), st.decimals(0, 1000, places=2) | st.none())


@given(VALUES)
def test_a_missing_value_never_approves(values: dict[str, Decimal | None]) -> None:
    found = score(CARD, values)
    if found.missing:
        assert found.recommendation is not Recommendation.APPROVE
        assert found.grade in {"C", "D"}
    if found.recommendation is not Recommendation.APPROVE:
        assert found.reasons


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {}},
        {"grades": ()},
        {"attributes": {"x": ()}},
        {"attributes": {"x": (PointBand(Decimal(1), Decimal(1), 0),)}},
        {"attributes": {"x": (PointBand(Decimal(0), Decimal(1), 0), PointBand(Decimal(2), None, 0))}},
        {"attributes": {"x": (PointBand(Decimal(0), None, 0), PointBand(Decimal(2), None, 0))}},
        {"grades": CARD.grades[::-1]},
        {"grades": CARD.grades[:1]},
    ],
)
def test_a_scorecard_with_holes_is_refused(changes: dict[str, Any]) -> None:
    check_scorecard(CARD)
    with pytest.raises(ScorecardIncomplete):
        check_scorecard(replace(CARD, **changes))
