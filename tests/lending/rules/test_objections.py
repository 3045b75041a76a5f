"""What speaks against a decision: its terms, who would take it, and for how much."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import ApprovalStage, Reach
from lc_workflow.lending.rules.authority import Holding, Where
from lc_workflow.lending.rules.deliberation import AGREEING, Decision, Vote, tally
from lc_workflow.lending.rules.loan_terms import LoanTerms
from lc_workflow.lending.rules.objections import (
    parties_among,
    to_a_party,
    to_asking_back,
    to_figure,
    to_having_no_seat,
    to_outdated,
    to_recused,
    to_seat,
    to_standing_in,
    to_terms,
)
from lc_workflow.platform.phones import phone_keys

ANN, BEN, EVA, MAKER, PREPARER, EDITOR = (uuid4() for _ in range(6))
OFFERED = LoanTerms(amount=Decimal(1000), term=12, interest_rate=Decimal(18))
NOBODY_S = Holding(role="manager", reach=Reach.ORGANISATION)
SEAT = Holding(role="manager", reach=Reach.BRANCH, limits={Currency.USD: Decimal(1500)})


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        (Decimal(1000) + Decimal(2_100_000) / Decimal(4100), "1512.20 USD is above the 1500 USD"),
        (Decimal("1500.0001"), "1500.01 USD is above the 1500 USD"),
        (Decimal("2E+3"), "2000.00 USD is above the 1500 USD"),
    ],
)
def test_a_figure_that_other_loans_add_to_is_told_in_cents(figure: Decimal, told: str) -> None:
    (refusal,) = to_figure(SEAT, Decision.APPROVE, figure, Currency.USD, needs_limit=True)
    assert refusal.detail == f"{told} you may approve as manager."


def test_the_limit_itself_is_within_it() -> None:
    assert to_figure(SEAT, Decision.APPROVE, Decimal("1500.00"), Currency.USD, needs_limit=True) == []


def test_without_limits_on_record_the_refusal_names_none() -> None:
    seat = Holding(role="manager", reach=Reach.BRANCH)
    (refusal,) = to_figure(seat, Decision.APPROVE, Decimal(10), Currency.KHR, needs_limit=True)
    assert refusal.detail == "10.00 KHR is above what you may approve as manager."
    assert to_figure(seat, Decision.APPROVE, Decimal(10), Currency.KHR, needs_limit=False) == []


@pytest.mark.parametrize("decision", sorted(set(Decision) - AGREEING))
def test_to_reject_or_return_a_loan_needs_no_limit(decision: Decision) -> None:
    assert to_figure(SEAT, decision, Decimal(1501), Currency.USD, needs_limit=True) == []


@dataclass(frozen=True)
class Loan:
    """A thousand dollars that an officer asked for."""

    user_id: UUID = MAKER
    preparers: tuple[UUID, ...] = (PREPARER,)
    editors: tuple[UUID, ...] = (EDITOR,)
    currency: Currency = Currency.USD
    requested_amount: Decimal | None = Decimal(1000)


def codes(found: list[DomainError]) -> list[str]:
    return [refusal.code for refusal in found]


def terms(amount: object = 1000, **changes: object) -> LoanTerms:
    told = {"amount": None if amount is None else Decimal(str(amount)), "term": 12, "interest_rate": Decimal(18)}
    return LoanTerms(**told | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("decision", "wanted", "refusals"),
    [
        (Decision.APPROVE, terms(), []),
        (Decision.APPROVE, terms("999.99"), []),
        (Decision.APPROVE, terms("0.01"), []),
        (Decision.APPROVE, terms("1000.01"), ["AboveRequest"]),
        (Decision.APPROVE, terms(0), ["NothingLent"]),
        (Decision.COUNTER_OFFER, terms(-1), ["NothingLent"]),
        (Decision.REJECT, terms(0), []),
        (Decision.REJECT, terms(None), []),
        (Decision.APPROVE, terms(None), []),
        (Decision.COUNTER_OFFER, terms(), ["OtherTermsNeeded"]),
        (Decision.COUNTER_OFFER, terms(900), []),
        (Decision.COUNTER_OFFER, terms(term=6), []),
        (Decision.COUNTER_OFFER, terms(interest_rate=Decimal(17)), []),
        (Decision.APPROVE_WITH_CONDITIONS, terms(), ["ConditionsNeeded"]),
    ],
)
def test_nobody_lends_more_than_was_asked_for_or_nothing(
    decision: Decision, wanted: LoanTerms, refusals: list[str]
) -> None:
    assert codes(to_terms(Loan(), decision, wanted, offered=OFFERED, conditions=())) == refusals


def test_conditions_that_are_named_are_enough_and_what_nobody_asked_for_has_no_bound() -> None:
    with_conditions = Decision.APPROVE_WITH_CONDITIONS
    assert to_terms(Loan(), with_conditions, terms(), offered=OFFERED, conditions=["A guarantor signs."]) == []
    unknown = Loan(requested_amount=None)
    assert to_terms(unknown, Decision.APPROVE, terms(10**9), offered=OFFERED, conditions=()) == []


@pytest.mark.parametrize(
    ("decision", "named", "refusals"),
    [
        (Decision.APPROVE, (1000, 12), ["OtherTermsAgreed"]),
        (Decision.APPROVE, (1000, None), ["OtherTermsAgreed"]),
        (Decision.APPROVE, (None, 12), ["OtherTermsAgreed"]),
        (Decision.APPROVE_WITH_CONDITIONS, (1000, 12), ["OtherTermsAgreed"]),
        (Decision.COUNTER_OFFER, (1000, 12), []),
        (Decision.APPROVE, (None, None), []),
        (Decision.APPROVE, (900, 10), []),
        (Decision.APPROVE, (950, 12), []),
        (Decision.APPROVE, (1000, 11), []),
        (Decision.REJECT, (1000, 12), []),
    ],
)
def test_what_a_form_brings_along_takes_nobodys_offer_off_the_table(
    decision: Decision, named: tuple[int | None, int | None], refusals: list[str]
) -> None:
    amount, term = named
    said = LoanTerms(amount=None if amount is None else Decimal(amount), term=term)
    less = terms(900, term=10)
    agreed = [Vote("BM", Decision.COUNTER_OFFER, ANN)]
    found = to_asking_back(Loan(), decision, said, requested=OFFERED, offered=less, votes=agreed)
    assert codes(found) == refusals
    assert to_asking_back(Loan(), decision, said, requested=OFFERED, offered=OFFERED, votes=agreed) == []
    nobody = [Vote("BM", Decision.ABSTAIN, ANN)]
    assert to_asking_back(Loan(), decision, said, requested=OFFERED, offered=less, votes=nobody) == []


def test_a_loan_that_changed_is_assessed_again_before_somebody_agrees() -> None:
    assert to_outdated([]) == []
    (refusal,) = to_outdated(["score", "affordability"])
    assert refusal.code == "AssessmentOutdated"
    assert "changed since its score and affordability;" in refusal.detail


def test_nobody_stands_behind_their_own_loan_or_counts_for_two() -> None:
    assert to_standing_in(for_oneself=False) == []
    assert codes(to_standing_in(for_oneself=True)) == ["BehindOwnLoan"]
    assert codes(to_standing_in(for_oneself=False, twice=True)) == ["AlreadyBehind"]


def test_who_has_a_telephone_of_a_party_does_not_decide() -> None:
    behind = {"+85598765432", "+85512345678"}
    assert codes(to_a_party(ANN, parties_among({ANN: {"+85512345678"}, BEN: {"+85512345679"}}, behind))) == ["SodParty"]
    assert to_a_party(ANN, parties_among({ANN: {"+85512345679"}, BEN: {"+85512345678"}}, behind)) == []
    assert parties_among({ANN: phone_keys(None)}, phone_keys(None)) == frozenset(), "no telephone says nothing"


@pytest.mark.parametrize("decision", Decision)
def test_a_second_vote_is_refused_and_a_return_is_none(decision: Decision) -> None:
    before = [Vote("BM", Decision.APPROVE, ANN)]
    assert codes(to_seat(Loan(), NOBODY_S, decision, ANN, before)) == (
        [] if decision is Decision.RETURN else ["SodRepeat"]
    )
    assert to_seat(Loan(), NOBODY_S, decision, BEN, before) == []


def test_who_keeps_away_from_a_loan_does_not_return_it_either() -> None:
    recused = [Vote("BM", Decision.RECUSE, ANN), Vote("BM", Decision.ABSTAIN, BEN)]
    assert codes(to_seat(Loan(), NOBODY_S, Decision.RETURN, ANN, recused)) == ["SodRepeat"]
    assert to_seat(Loan(), NOBODY_S, Decision.RETURN, BEN, recused) == []
    assert codes(to_recused({ANN, EVA}, recused)) == ["SodRepeat"]
    assert to_recused({BEN}, recused) == []


@pytest.mark.parametrize(("absent", "refusal"), [(MAKER, "SodMaker"), (PREPARER, "SodMaker"), (EDITOR, "SodEditor")])
def test_a_stand_in_decides_nothing_that_whom_they_stand_in_for_had_a_hand_in(absent: UUID, refusal: str) -> None:
    seat = Holding(role="manager", reach=Reach.ORGANISATION, absent=absent)
    for decision in (*AGREEING, Decision.REJECT):
        assert codes(to_seat(Loan(), seat, decision, ANN, [])) == [refusal]
    for decision in (Decision.RETURN, Decision.ABSTAIN, Decision.RECUSE):
        assert to_seat(Loan(), seat, decision, ANN, []) == []


def test_a_stand_in_decides_no_loan_that_whom_they_stand_in_for_is_a_party_to() -> None:
    seat = Holding(role="manager", reach=Reach.ORGANISATION, absent=BEN)
    for decision in (*AGREEING, Decision.REJECT):
        assert codes(to_seat(Loan(), seat, decision, ANN, [], parties={BEN})) == ["SodParty"]
        assert to_seat(Loan(), NOBODY_S, decision, ANN, [], parties={BEN}) == []
    assert to_seat(Loan(), seat, Decision.ABSTAIN, ANN, [], parties={BEN}) == []


def test_a_stand_in_and_whom_they_stand_in_for_have_one_vote_together() -> None:
    seat = Holding(role="manager", reach=Reach.ORGANISATION, absent=BEN)
    assert to_seat(Loan(), seat, Decision.APPROVE, ANN, [Vote("BM", Decision.APPROVE, EVA)]) == []
    for before in (Vote("BM", Decision.APPROVE, BEN), Vote("BM", Decision.APPROVE, ANN)):
        assert codes(to_seat(Loan(), seat, Decision.APPROVE, ANN, [before])) == ["SodRepeat"]


def test_whoever_comes_late_hears_that_and_others_hear_what_it_waits_for() -> None:
    branch_id = uuid4()
    first, second = ApprovalStage("BM", "manager", Reach.BRANCH), ApprovalStage("CC", "committee", Reach.ORGANISATION)
    manager = Holding(role="manager", reach=Reach.BRANCH, branch_id=branch_id)
    stranger = Holding(role="manager", reach=Reach.BRANCH, branch_id=uuid4())
    where = Where(branch_id, None)
    counted = tally((first, second), [Vote("BM", Decision.APPROVE, ANN)])
    late = to_having_no_seat(second, counted, "PP01", where, [manager])
    assert (late.code, late.detail) == ("StageClosed", "Your stage was decided already; it waits for committee now.")
    elsewhere = to_having_no_seat(second, counted, "PP01", where, [stranger])
    assert elsewhere.code == "OutOfScope"
    assert elsewhere.detail == "It waits for committee at PP01, with authority over the organisation."
    early = to_having_no_seat(first, tally((first, second), []), "PP01", where, [stranger, manager])
    assert early.code == "OutOfScope", "no stage of theirs was decided yet"
