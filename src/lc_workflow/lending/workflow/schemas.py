"""Moves as requests and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.lending.applications.schemas import AccountId, Months
from lc_workflow.lending.approvals.schemas import ConditionText
from lc_workflow.lending.approvals.service import Ballot
from lc_workflow.lending.rules.deliberation import Decision
from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms
from lc_workflow.lending.rules.stages import Action, Stage, Status, Step
from lc_workflow.platform.http.fields import VISIBLE
from lc_workflow.platform.http.shapes import Amount, Code, Note, Percent, check_amounts, check_percents

Reason = Annotated[str, Meta(min_length=1, max_length=4_000, pattern=VISIBLE)]

Conditions = Annotated[list[ConditionText], Meta(max_length=20)]
SnapshotHash = Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$(?!\n)")]
"""The fingerprint of what was seen, from `GET …/decisions`."""


class DecisionRequest(Struct, frozen=True, kw_only=True):
    """A decision at a stage of approval, the open one unless `stage` names another.

    The amount is in the application's currency, the term in months, the rate in percent per year; what is left out is
    decided as offered. Returning and rejecting need a reason.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "decision": "counter_offer",
        "approved_amount": 1200,
        "approved_term": 12,
        "reason": "The first loan stays small",
    }

    decision: Decision
    stage: Code | None = None
    snapshot_hash: SnapshotHash | None = None
    approved_amount: Amount | None = None
    approved_term: Months | None = None
    interest_rate: Percent | None = None
    conditions: Conditions = []
    reason: Reason | None = None
    notes: Note | None = None

    def __post_init__(self) -> None:
        """Refuse amounts and percentages that no column holds."""
        check_amounts(self, "approved_amount")
        check_percents(self, "interest_rate")


class Submission(Struct, frozen=True):
    """The wish to submit; a comment may go with it."""

    EXAMPLE: ClassVar[dict[str, object]] = {"notes": "All papers are there"}

    notes: Note | None = None


class Approval(Struct, frozen=True):
    """The terms on which a loan is approved; what is left out is approved as offered.

    The amount is in the application's currency, the term in months, the rate in percent per year.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "approved_amount": 1500,
        "approved_term": 12,
        "interest_rate": 18,
        "notes": "The stall earns well",
    }

    approved_amount: Amount | None = None
    approved_term: Months | None = None
    interest_rate: Percent | None = None
    notes: Note | None = None
    conditions: Conditions = []
    snapshot_hash: SnapshotHash | None = None

    def __post_init__(self) -> None:
        """Refuse amounts and percentages that no column holds."""
        check_amounts(self, "approved_amount")
        check_percents(self, "interest_rate")


class Rejection(Struct, frozen=True):
    """Why a loan is rejected."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "rejection_reason": "The income does not carry another loan",
        "notes": "Ask again after the harvest",
    }

    rejection_reason: Reason
    notes: Note | None = None


class Recommending(Struct, frozen=True, kw_only=True):
    """The terms that whoever sends an application to review recommends to those who decide.

    The amount is in the application's currency, the term in months, the rate in percent per year; what is left out is
    recommended as requested.
    """

    recommended_amount: Amount | None = None
    recommended_term: Months | None = None
    recommended_interest_rate: Percent | None = None

    def __post_init__(self) -> None:
        """Refuse amounts and percentages that no column holds."""
        check_amounts(self, "recommended_amount")
        check_percents(self, "recommended_interest_rate")

    def recommended(self) -> LoanTerms:
        """The terms as the rules know them."""
        return LoanTerms(
            amount=self.recommended_amount,
            term=self.recommended_term,
            interest_rate=self.recommended_interest_rate,
        )


class Transition(Recommending, frozen=True, kw_only=True):
    """The wish to move an application to another stage; `notes` serve as the reason where one is needed.

    What is recommended is said where it goes to review; units as in `Recommending`.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"new_status": "TELLER_PROCESSING", "notes": "Account to be opened"}

    new_status: Stage
    account_id: AccountId | None = None
    notes: Note | None = None


class ActionRequest(Recommending, frozen=True, kw_only=True):
    """What an action may need: the teller's account id, a reason, a comment, terms to recommend or to approve.

    Amounts are in the application's currency, terms in months, rates in percent per year. Terms are recommended where
    an application is sent to review.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"notes": "All papers are there"}

    account_id: AccountId | None = None
    reason: Reason | None = None
    notes: Note | None = None
    approved_amount: Amount | None = None
    approved_term: Months | None = None
    interest_rate: Percent | None = None
    conditions: Conditions = []
    snapshot_hash: SnapshotHash | None = None

    def __post_init__(self) -> None:
        """Refuse amounts and percentages that no column holds."""
        check_amounts(self, "recommended_amount", "approved_amount")
        check_percents(self, "recommended_interest_rate", "interest_rate")


class Obstacle(Struct, frozen=True):
    """Why an action is not possible now."""

    code: str
    detail: str


class PossibleAction(Struct, frozen=True):
    """An action, its stage, the fields it needs, and what keeps this person from taking it."""

    action: Action
    target: Stage | None
    allowed: bool
    needs: tuple[str, ...]
    blocked_by: tuple[Obstacle, ...]


class Standing(Struct, frozen=True):
    """Where an application stands, and where this person may take it."""

    application_id: UUID
    current_status: Stage
    status: Status
    next_stages: tuple[Stage, ...]
    cycle: int
    version: int


class MoveAnswer(Struct, frozen=True):
    """One step an application took, who took it, and for whom they stood in."""

    id: UUID
    action: Action
    from_status: Stage
    to_status: Stage
    actor_id: UUID | None
    actor_name: str
    on_behalf_of: UUID | None
    on_behalf_of_name: str | None
    at: datetime
    cycle: int
    reason: str | None
    comment: str | None


class StayAnswer(Struct, frozen=True):
    """A time an application stood at a stage; `seconds` counts up to now where it still stands there."""

    stage: Stage
    cycle: int
    entered_at: datetime
    left_at: datetime | None
    seconds: int


class Timeline(Struct, frozen=True):
    """Where an application stood and for how long, and the total in seconds."""

    application_id: UUID
    stays: list[StayAnswer]
    seconds_by_stage: dict[Stage, int]
    total_seconds: int


DECISION_ON: Final = {
    Action.APPROVE: Decision.APPROVE,
    Action.REJECT: Decision.REJECT,
    Action.RETURN: Decision.RETURN,
}
"""The decision that an action is, at a stage of approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to do to an application: an action, the stage it should reach, or a decision on it.

    Exactly one of `action`, `target` and `decision` is given. The approved amount is in the application's currency,
    the term in months, the rate in percent per year; each left out is approved as offered, and what is not
    `recommended` is as requested. A decision may name its
    conditions, the stage of approval it is for, and the fingerprint of what it rests on.
    """

    action: Action | None = None
    target: Stage | None = None
    decision: Decision | None = None
    account_id: str | None = None
    reason: str | None = None
    comment: str | None = None
    approved_amount: Decimal | None = None
    approved_term: int | None = None
    interest_rate: Decimal | None = None
    recommended: LoanTerms = UNSAID
    conditions: Sequence[str] = ()
    approval_stage: str | None = None
    snapshot_hash: str | None = None

    def ballot(self, step: Step) -> Ballot | None:
        """The wish as a decision at a stage of approval; None when the step is no decision."""
        if step.source is not Stage.MANAGER_REVIEW or step.action not in DECISION_ON:
            return None
        approving = Decision.APPROVE_WITH_CONDITIONS if self.conditions else Decision.APPROVE
        said = self.decision or (approving if step.action is Action.APPROVE else DECISION_ON[step.action])
        return Ballot(
            decision=said,
            terms=LoanTerms(amount=self.approved_amount, term=self.approved_term, interest_rate=self.interest_rate),
            conditions=self.conditions,
            reason=self.reason,
            comment=self.comment,
            stage=self.approval_stage,
            snapshot_hash=self.snapshot_hash,
        )
