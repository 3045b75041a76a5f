"""What speaks against a decision: its terms, the person, and the amount (lending.md §2)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import ROUND_CEILING, Decimal
from typing import Final, Protocol
from uuid import UUID

from lc_workflow.kernel.errors import DomainError, FieldError, Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import ApprovalStage
from lc_workflow.lending.rules.authority import (
    Holding,
    LimitExceeded,
    OutOfScope,
    SodParty,
    SodRepeat,
    Where,
    fitting,
)
from lc_workflow.lending.rules.deliberation import (
    AGREEING,
    VOTES,
    ConditionsNeeded,
    ConditionsWithoutApproval,
    Decision,
    OtherTermsNeeded,
    StageClosed,
    Tally,
    Vote,
    has_voted,
)
from lc_workflow.lending.rules.loan_terms import LoanTerms
from lc_workflow.lending.rules.stages import SodEditor, SodMaker

_CENTS: Final = Decimal("0.01")


class AboveRequest(Invalid):
    """More would be approved than was asked for."""


class NothingLent(Invalid):
    """An amount of zero is no loan."""


class OtherTermsAgreed(Invalid):
    """The requested terms would be approved unknowingly where colleagues agreed to other terms."""


class NothingToRecommendFor(Invalid):
    """Terms can be recommended only when an application is sent to those who decide."""


class AssessmentOutdated(Invalid):
    """The application changed materially since its risk was judged."""


class BehindOwnLoan(Invalid):
    """A borrower cannot guarantee their own loan."""


class AlreadyBehind(Invalid):
    """The same person is a party to the loan already, in the same role."""


class BranchClosed(Invalid):
    """No loan begins, or begins again, in a closed branch."""

    def __init__(self) -> None:
        super().__init__("The branch of this application is closed; draft it anew in another one.")


class Loan(Protocol):
    """What matters of an application for who may decide it."""

    @property
    def user_id(self) -> UUID:
        """Who drafted it."""

    @property
    def preparers(self) -> Sequence[UUID]:
        """Who prepared it."""

    @property
    def editors(self) -> Sequence[UUID]:
        """Who changed it materially."""

    @property
    def currency(self) -> Currency:
        """What its amounts are in."""

    @property
    def requested_amount(self) -> Decimal | None:
        """What was asked for."""


def to_terms(
    loan: Loan, decision: Decision, terms: LoanTerms, *, offered: LoanTerms, conditions: Collection[str]
) -> list[DomainError]:
    """What speaks against deciding on these terms; `offered` are the terms on offer."""
    if conditions and decision not in AGREEING:
        return [ConditionsWithoutApproval("Only an approval has conditions; say what is missing as the reason.")]
    if decision in AGREEING and (found := to_amount(loan, terms.amount, field="approved_amount")):
        return found
    if decision is Decision.COUNTER_OFFER and terms == offered:
        return [OtherTermsNeeded("A counter-offer names a lower amount, another term or another rate.")]
    if decision is Decision.APPROVE_WITH_CONDITIONS and not conditions:
        return [ConditionsNeeded("Name the conditions the approval depends on.")]
    return []


def to_amount(loan: Loan, amount: Decimal | None, *, field: str) -> list[DomainError]:
    """What speaks against lending this amount: it is zero, or more than was asked for; `field` named it."""
    if amount is not None and amount <= 0:
        said = "Name the amount that is lent; to lend nothing, reject the application."
        return [NothingLent(said, errors=(FieldError(field, "must be more than nothing"),))]
    asked = loan.requested_amount
    if amount is not None and asked is not None and amount > asked:
        return [AboveRequest(f"{amount:f} {loan.currency} is more than the {asked} that was requested.")]
    return []


def to_asking_back(
    loan: Loan, decision: Decision, named: LoanTerms, *, requested: LoanTerms, offered: LoanTerms, votes: Iterable[Vote]
) -> list[DomainError]:
    """What speaks against approving the request unknowingly, where others agreed to other terms.

    The web app's form always sends the requested amount and term, whatever is on offer. To offer them on purpose a
    counter-offer is needed, and the others have to agree again.
    """
    in_passing = decision in {Decision.APPROVE, Decision.APPROVE_WITH_CONDITIONS}
    if not in_passing or not any(vote.decision in AGREEING for vote in votes):
        return []
    in_months_and_money = ((named.amount, requested.amount, offered.amount), (named.term, requested.term, offered.term))
    said = [compared for compared in in_months_and_money if compared[0] is not None]
    if any(here != wished for here, wished, _ in said) or all(here == on_offer for here, _, on_offer in said):
        return []
    agreed = f"{offered.amount:f} {loan.currency}" + (f" over {offered.term} months" if offered.term else "")
    return [OtherTermsAgreed(f"Others agreed to {agreed}: approve that, or make a counter-offer to ask them again.")]


def to_outdated(judgements: Collection[str]) -> list[DomainError]:
    """What speaks against agreeing on outdated judgements: they chose the path, for a loan that has changed since."""
    if not judgements:
        return []
    named = " and ".join(judgements)
    return [AssessmentOutdated(f"The application changed since its {named}; assess it again before approving.")]


def to_standing_in(*, for_oneself: bool, twice: bool = False) -> list[DomainError]:
    """What speaks against a borrower who guarantees their own loan, and against one person who counts twice."""
    found: list[DomainError] = []
    if for_oneself:
        said = "The borrower is named as standing behind this loan too; name somebody else, or nobody."
        found.append(BehindOwnLoan(said))
    if twice:
        said = "Two who stand behind this loan in one role turned out to be one person; take one of them off."
        found.append(AlreadyBehind(said))
    return found


def to_having_no_seat(
    stage: ApprovalStage, counted: Iterable[Tally], place: str, where: Where, held: Sequence[Holding]
) -> DomainError:
    """What somebody without a seat at the open stage is told: whom it waits for, or that their vote is late."""
    if any(at_stage.is_agreed and fitting(at_stage.stage, where, held) for at_stage in counted):
        return StageClosed(f"Your stage was decided already; it waits for {stage.role} now.")
    return OutOfScope(f"It waits for {stage.role} at {place}, with authority over the {stage.scope}.")


def parties_among(telephones: Mapping[UUID, AbstractSet[str]], behind: AbstractSet[str]) -> frozenset[UUID]:
    """Which of some people are parties to a loan: one of their telephones is a party's."""
    return frozenset(person for person, own in telephones.items() if not own.isdisjoint(behind))


def to_a_party(person: UUID, parties: Collection[UUID]) -> list[DomainError]:
    """What speaks against a party having a hand in the loan."""
    if person not in parties:
        return []
    return [SodParty("You are a party to this loan; leave it to others.")]


def to_seat(
    loan: Loan,
    seat: Holding,
    decision: Decision,
    person: UUID,
    votes: Iterable[Vote],
    *,
    parties: Collection[UUID] = (),
) -> list[DomainError]:
    """What speaks against a second vote, and against standing in for somebody who may not decide themselves."""
    found: list[DomainError] = []
    absent = seat.absent
    if absent and decision in AGREEING | {Decision.REJECT}:
        if absent in {loan.user_id, *loan.preparers}:
            found.append(SodMaker("Whom you stand in for prepared this application; someone else has to decide it."))
        if absent in loan.editors:
            found.append(SodEditor("Whom you stand in for changed what this comes to; someone else has to decide it."))
        if absent in parties:
            found.append(SodParty("Whom you stand in for is a party to this loan; leave it to others."))
    people = {person} if absent is None else {person, absent}
    if decision not in VOTES:
        found += to_recused(people, votes)
    if decision in VOTES and has_voted(people, votes):
        found.append(SodRepeat("You have decided on this application in this cycle already."))
    return found


def to_recused(people: Collection[UUID], votes: Iterable[Vote]) -> list[DomainError]:
    """What speaks against somebody who recused themselves having a hand in the loan."""
    if not has_voted(people, (vote for vote in votes if vote.decision is Decision.RECUSE)):
        return []
    return [keeping_away()]


def keeping_away() -> SodRepeat:
    """The refusal for somebody who recused themselves from a loan."""
    return SodRepeat("You recused yourself from this application; leave it to others.")


def to_figure(
    seat: Holding, decision: Decision, figure: Decimal, currency: Currency, *, needs_limit: bool
) -> list[DomainError]:
    """What speaks against agreeing to this amount: the limit of the seat."""
    if decision not in AGREEING or seat.allows(figure, currency, needs_limit=needs_limit):
        return []
    limit = seat.most(currency)
    own = f"the {limit:f} {currency}" if limit is not None else "what"
    # Other loans are converted unrounded; a rounded figure might look allowed.
    told = figure.quantize(_CENTS, ROUND_CEILING)
    return [LimitExceeded(f"{told} {currency} is above {own} you may approve as {seat.role}.")]
