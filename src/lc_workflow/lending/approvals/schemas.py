"""Decisions as requests and answers, and as the documents that are stored."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, convert, to_builtins

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.matrices.schemas import StageDocument, as_stage
from lc_workflow.lending.rules.approval import ApprovalStage, Basis, Path, Reach
from lc_workflow.lending.rules.deliberation import Decision
from lc_workflow.platform.http.fields import VISIBLE
from lc_workflow.platform.http.shapes import shaped

ConditionText = Annotated[str, Meta(min_length=1, max_length=1_000, pattern=VISIBLE)]


class StoredPath(Struct, frozen=True):
    """The stages of a case, with the rule and the figures they were found by; amounts are stored as text."""

    priority: int
    basis: Basis
    basis_amount: Decimal
    base_currency: Currency
    exposure: Decimal
    needs_limit: bool
    stages: list[StageDocument]
    risk: str | None = None
    exceptions: int = 0

    def as_stages(self) -> tuple[ApprovalStage, ...]:
        """The stages as the rules know them."""
        return tuple(as_stage(stage) for stage in self.stages)

    def written(self) -> dict[str, Any]:
        """The form in which its column stores it."""
        written: dict[str, Any] = to_builtins(self)
        return written


def read_path(stored: dict[str, Any]) -> StoredPath:
    """Read a stored path."""
    return convert(stored, StoredPath, strict=False)


def stage_documents(path: Path) -> list[StageDocument]:
    """Write the stages of a path down."""
    return [shaped(stage, StageDocument) for stage in path.stages]


class OfferedTerms(Struct, frozen=True):
    """The terms that are decided on: what was requested, recommended, or offered last."""

    amount: Decimal | None
    currency: Currency
    term: int | None
    interest_rate: Decimal | None


class StageStanding(Struct, frozen=True):
    """A stage of the path and its state; `is_open` marks the one that waits for decisions."""

    code: str
    role: str
    scope: Reach
    quorum: int
    agreed: int
    refused: int
    is_open: bool


class DecisionAnswer(Struct, frozen=True, kw_only=True):
    """A decision with the names of who took it and for whom; `voided_at` says since when it no longer counts.

    Its `amount` is in its `currency`: that of the application may have become another one since.
    `quote_hash` is the fingerprint of the quote on the terms that were decided, as `POST …/quote` gave it that day.
    """

    id: UUID
    cycle: int
    stage: str
    decision: Decision
    actor_id: UUID
    actor_name: str
    on_behalf_of: UUID | None
    on_behalf_of_name: str | None
    at: datetime
    amount: Decimal | None
    currency: Currency
    term: int | None
    interest_rate: Decimal | None
    quote_hash: str | None
    reason: str | None
    comment: str | None
    snapshot_hash: str
    voided_at: datetime | None
    voided_because: str | None


class ConditionAnswer(Struct, frozen=True):
    """Something to be done before the loan is paid out."""

    id: UUID
    decision_id: UUID
    text: str
    created_at: datetime
    closed_by: UUID | None
    closed_at: datetime | None
    closing_note: str | None


class Deliberations(Struct, frozen=True, kw_only=True):
    """How an application is decided: by which matrix, on which terms, at which stages, and what was said.

    `snapshot_hash` is the fingerprint of all that a decision would rest on now; sent with a decision, it makes sure
    that nothing of it changed in between.
    """

    application_id: UUID
    cycle: int
    matrix_number: int | None
    khr_per_usd: Decimal | None
    terms: OfferedTerms | None
    stages: list[StageStanding]
    snapshot_hash: str | None
    decisions: list[DecisionAnswer]
    conditions: list[ConditionAnswer]
