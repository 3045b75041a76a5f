"""Scorecards and scores as requests and answers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.kernel.errors import FieldError
from lc_workflow.lending.rules.quoting import Warned
from lc_workflow.lending.rules.scoring import Grade, PointBand, Recommendation, Scorecard
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.shapes import Code, Note

Points = Annotated[int, Meta(ge=-10_000, le=10_000)]
Attribute = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
Word = Annotated[str, Meta(min_length=1, max_length=20)]


class BandLine(Struct, frozen=True):
    """Points for values from `low`, inclusive, to `high`, exclusive."""

    low: Decimal
    points: Points
    high: Decimal | None = None


class GradeLine(Struct, frozen=True):
    """A grade from so many points on."""

    name: Word
    points: Points
    risk: Word
    recommendation: Recommendation


class NewScorecard(Struct, frozen=True, kw_only=True):
    """A scorecard to score loans with from now on; grades go from the best to the worst."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "code": "SC-2027",
        "base": 300,
        "attributes": {"years_in_business": [{"low": 0, "high": 3, "points": 10}, {"low": 3, "points": 40}]},
        "grades": [
            {"name": "A", "points": 330, "risk": "low", "recommendation": "APPROVE"},
            {"name": "B", "points": 0, "risk": "high", "recommendation": "REFER"},
        ],
    }

    code: Code
    base: Points = 0
    attributes: Annotated[dict[Attribute, Annotated[list[BandLine], Meta(max_length=50)]], Meta(max_length=50)]
    grades: Annotated[list[GradeLine], Meta(max_length=20)]

    def card(self, version: int) -> Scorecard:
        """The table that the rules know."""
        return Scorecard(
            self.code,
            version,
            self.base,
            {
                name: tuple(PointBand(band.low, band.high, band.points) for band in bands)
                for name, bands in self.attributes.items()
            },
            tuple(Grade(grade.name, grade.points, grade.risk, grade.recommendation) for grade in self.grades),
        )


class ScorecardAnswer(Struct, frozen=True):
    """A version of a scorecard."""

    id: UUID
    code: str
    version: int
    card: Scorecard
    published_by: UUID | None
    published_at: datetime


_LARGEST: Final = Decimal(1_000_000_000_000)

_Value: TypeAlias = Annotated[
    Decimal, Meta(extra_json_schema={"minimum": -float(_LARGEST), "maximum": float(_LARGEST)})
]


class ScoreRequest(Struct, frozen=True, kw_only=True):
    """What is known of the loan, by attribute; null, or left out, is not known.

    `dti_pct` is taken from the last affordability where there is one. `decision` is what the person recommends; where
    it differs from what the system does, `reason` says why.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"values": {"years_in_business": 6}}

    values: Annotated[dict[Attribute, _Value | None], Meta(max_length=50)] = {}
    decision: Recommendation | None = None
    reason: Note | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that nobody means."""
        if wrong := [
            FieldError(f"values.{name}", "must be a number of a usual size")
            for name, value in self.values.items()
            if value is not None and not (value.is_finite() and abs(value) <= _LARGEST)
        ]:
            raise cannot_take(wrong)


class ScoreAnswer(Struct, frozen=True, kw_only=True):
    """What the loan was given; `missing` names what is not known, which can never lead to APPROVE.

    `is_current` is false when the application changed in substance since: it has to be scored again before approval.
    """

    id: UUID
    application_id: UUID
    scorecard: str
    scorecard_version: int
    values: dict[str, Decimal | None]
    points: dict[str, int | None]
    total: int
    grade: str
    risk: str
    missing: list[str]
    system_decision: Recommendation
    reasons: list[Warned]
    decision: Recommendation | None
    reason: str | None
    scored_by: UUID
    scored_at: datetime
    is_current: bool = True
