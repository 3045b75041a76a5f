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


SMALL = Scorecard(
    "SMALL",
    1,
    10,
    {
        "savings": (PointBand(Decimal(0), Decimal(10), 0), PointBand(Decimal(10), None, 30)),
        "years": (PointBand(Decimal(0), Decimal(2), 5), PointBand(Decimal(2), None, 60)),
    },
    (
        Grade("A", 100, "low", Recommendation.APPROVE),
        Grade("B", 75, "medium", Recommendation.APPROVE),
        Grade("C", 40, "medium", Recommendation.REFER),
        Grade("D", 15, "high", Recommendation.DECLINE),
    ),
)


@pytest.mark.parametrize(
    ("savings", "years", "total", "grade", "recommendation", "reasons"),
    [
        (10, 2, 100, "A", "APPROVE", []),
        (0, 2, 70, "C", "REFER", ["savings has 0 points, 30 fewer than the most."]),
        (10, 0, 45, "C", "REFER", ["years has 5 points, 55 fewer than the most."]),
        (0, 0, 15, "D", "DECLINE", ["years has 5 points, 55", "savings has 0 points, 30"]),
        (None, 2, 70, "C", "REFER", ["savings is not known."]),
        (None, 0, 15, "D", "DECLINE", ["savings is not known.", "years has 5 points, 55"]),
        (None, None, 10, "D", "DECLINE", ["savings is not known.", "years is not known."]),
    ],
)
def test_a_grade_begins_with_its_points_and_what_kept_from_the_best_is_told_the_most_first(
    savings: int | None, years: int | None, total: int, grade: str, recommendation: str, reasons: list[str]
) -> None:
    values = {"savings": savings, "years": years}
    found = score(SMALL, {name: None if value is None else Decimal(value) for name, value in values.items()})
    assert (found.total, found.grade, found.recommendation) == (total, grade, recommendation)
    assert len(found.reasons) == len(reasons)
    for reason, begins in zip(found.reasons, reasons, strict=True):
        assert reason.detail.startswith(begins)


def test_enough_points_with_something_unknown_are_the_best_grade_that_leads_to_people() -> None:
    generous = replace(SMALL, base=40)
    found = score(generous, {"years": Decimal(2)})
    assert (found.total, found.grade, found.risk, found.recommendation) == (100, "C", "medium", Recommendation.REFER)
    known = score(generous, {"years": Decimal(2), "savings": Decimal(0)})
    assert (known.total, known.grade, known.recommendation) == (100, "A", Recommendation.APPROVE)
    assert known.reasons == (), "an approval needs no excuse"
    only_approving = score(replace(generous, grades=SMALL.grades[:2]), {"years": Decimal(2)})
    assert only_approving.recommendation is Recommendation.REFER


def test_two_grades_do_not_begin_with_the_same_points() -> None:
    twice = (CARD.grades[0], replace(CARD.grades[0], name="Z"), *CARD.grades[1:])
    with pytest.raises(ScorecardIncomplete, match="from the best to the worst"):
        check_scorecard(replace(CARD, grades=twice))
