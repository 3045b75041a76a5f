"""Scoring with a scorecard: points, a grade, and what the system recommends; people decide."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.rules.quoting import Warned


class Recommendation(StrEnum):
    """What a scorecard, or a person, recommends."""

    APPROVE = "APPROVE"
    REFER = "REFER"
    DECLINE = "DECLINE"


class ScorecardIncomplete(Invalid):
    """A scorecard cannot be used like this; the sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class PointBand:
    """Points for values from `low`, inclusive, to `high`, exclusive; without `high` for all values from `low`."""

    low: Decimal
    high: Decimal | None
    points: int


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade from so many points on, with its risk and its recommendation."""

    name: str
    points: int
    risk: str
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A table of points; grades go from the best to the worst."""

    code: str
    version: int
    base: int
    attributes: dict[str, tuple[PointBand, ...]]
    grades: tuple[Grade, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a loan; an unknown attribute has no points and is listed in `missing`."""

    points: dict[str, int | None]
    total: int
    grade: str
    risk: str
    missing: tuple[str, ...]
    recommendation: Recommendation
    reasons: tuple[Warned, ...]


def score(card: Scorecard, values: Mapping[str, Decimal | Fraction | None]) -> Score:
    """Score a loan; a value that is missing, or for which the table has no band, never leads to APPROVE."""
    points = {name: _points(bands, values.get(name)) for name, bands in card.attributes.items()}
    missing = tuple(name for name, given in points.items() if given is None)
    total = card.base + sum(given for given in points.values() if given is not None)
    grade = next((grade for grade in card.grades if total >= grade.points), card.grades[-1])
    if missing and grade.recommendation is Recommendation.APPROVE:
        grade = next(
            (worse for worse in card.grades if worse.recommendation is not Recommendation.APPROVE), card.grades[-1]
        )
    recommendation = grade.recommendation
    if missing and recommendation is Recommendation.APPROVE:
        recommendation = Recommendation.REFER
    return Score(
        points,
        total,
        grade.name,
        grade.risk,
        missing,
        recommendation,
        tuple(_reasons(card, points, missing, grade)),
    )


def check_scorecard(card: Scorecard) -> None:
    """Refuse an incomplete scorecard.

    Raises:
        ScorecardIncomplete: Its bands overlap, or its grades leave something open.
    """
    for fault in _faults(card):
        raise ScorecardIncomplete(fault)


def _points(bands: tuple[PointBand, ...], value: Decimal | Fraction | None) -> int | None:
    if value is None:
        return None
    exact = Fraction(value)
    return next(
        (
            band.points
            for band in bands
            if Fraction(band.low) <= exact and (band.high is None or exact < Fraction(band.high))
        ),
        None,
    )


def _reasons(
    card: Scorecard, points: Mapping[str, int | None], missing: tuple[str, ...], grade: Grade
) -> Iterator[Warned]:
    """Say why the loan missed the best grade: what is unknown, then the lost points, most first."""
    for name in missing:
        yield Warned("ValueMissing", f"{name} is not known.")
    lost = {
        name: max(band.points for band in card.attributes[name]) - given
        for name, given in points.items()
        if given is not None
    }
    for name, difference in sorted(lost.items(), key=lambda pair: -pair[1]):
        if difference > 0 and grade.recommendation is not Recommendation.APPROVE:
            yield Warned("PointsLost", f"{name} has {points[name]} points, {difference} fewer than the most.")


def _faults(card: Scorecard) -> Iterator[str]:
    if not card.attributes or not card.grades:
        yield "A scorecard has attributes and grades."
    for name, bands in card.attributes.items():
        yield from _faults_of_bands(name, bands)
    for better, worse in pairwise(card.grades):
        if better.points <= worse.points:
            yield "The grades go from the best to the worst."
    if all(grade.recommendation is Recommendation.APPROVE for grade in card.grades):
        yield "Some grade must lead to people: a missing value can never approve."


def _faults_of_bands(name: str, bands: tuple[PointBand, ...]) -> Iterator[str]:
    if not bands:
        yield f"{name} has no bands."
    for band in bands:
        if band.high is not None and band.high <= band.low:
            yield f"A band of {name} ends before it begins."
    for before, after in pairwise(bands):
        if before.high != after.low:
            yield f"The bands of {name} follow one another without a gap."
