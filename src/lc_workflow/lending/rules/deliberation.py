"""How the votes of a cycle add up: which stage is open, and what it has come to."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from lc_workflow.kernel.errors import Invalid, Stale
from lc_workflow.lending.rules.approval import ApprovalStage


class Decision(StrEnum):
    """What somebody at a stage can say about a loan."""

    APPROVE = "approve"
    APPROVE_WITH_CONDITIONS = "approve_with_conditions"
    COUNTER_OFFER = "counter_offer"
    RETURN = "return"
    REJECT = "reject"
    ABSTAIN = "abstain"
    RECUSE = "recuse"


AGREEING: Final = frozenset({Decision.APPROVE, Decision.APPROVE_WITH_CONDITIONS, Decision.COUNTER_OFFER})
"""The decisions in favour of the loan, on the terms of the latest offer."""

VOTES: Final = frozenset(Decision) - {Decision.RETURN}
"""The decisions a person takes once per cycle; whoever returns an application may decide when it comes back."""


class StageClosed(Invalid):
    """The stage was decided already, or is not open yet."""


class SnapshotChanged(Stale):
    """The application is not in the state on which the person decided."""


class ConditionsNeeded(Invalid):
    """An approval with conditions names them."""


class ConditionsWithoutApproval(Invalid):
    """Only an approval can have conditions."""


class OtherTermsNeeded(Invalid):
    """A counter-offer names a lower amount, another term or another rate."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What somebody decided at a stage, and whom they stood in for; void votes are left out."""

    stage: str
    decision: Decision
    person: UUID
    absent: UUID | None = None

    @property
    def binds(self) -> frozenset[UUID]:
        """Whose vote it was: one's own and the absent person's; recusing oneself binds nobody else."""
        if self.absent is None or self.decision is Decision.RECUSE:
            return frozenset({self.person})
        return frozenset({self.person, self.absent})


@dataclass(frozen=True, slots=True)
class Tally:
    """The state of a stage."""

    stage: ApprovalStage
    agreed: int
    refused: int

    @property
    def is_agreed(self) -> bool:
        """Whether enough people agreed."""
        return self.agreed >= self.stage.quorum

    @property
    def is_refused(self) -> bool:
        """Whether as many refused as would have been enough to agree."""
        return self.refused >= self.stage.quorum


def tally(stages: Sequence[ApprovalStage], votes: Iterable[Vote]) -> tuple[Tally, ...]:
    """Count the votes at each stage of a path."""
    votes = list(votes)
    return tuple(
        Tally(
            stage,
            sum(vote.stage == stage.code and vote.decision in AGREEING for vote in votes),
            sum(vote.stage == stage.code and vote.decision is Decision.REJECT for vote in votes),
        )
        for stage in stages
    )


def open_stage(counted: Iterable[Tally]) -> ApprovalStage | None:
    """The first stage that has not agreed yet; None when all have."""
    return next((tally.stage for tally in counted if not tally.is_agreed), None)


def has_voted(people: Collection[UUID], votes: Iterable[Vote]) -> bool:
    """Whether one of these people has a vote that counts, their own or through a stand-in."""
    return any(not vote.binds.isdisjoint(people) for vote in votes)
