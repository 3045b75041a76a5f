"""Which papers an application needs, and how it stands with them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.checklist import (
    GATES,
    SETTLED,
    BadChecklist,
    Exemption,
    Gate,
    Item,
    Loan,
    Need,
    NotWaivable,
    Paper,
    PaperMissing,
    PaperOutdated,
    PaperRefused,
    PaperRule,
    PaperUnverified,
    PaperVerdict,
    SodUploader,
    Subject,
    WaiverOver,
    When,
    Whom,
    check_checklist,
    check_verifier,
    check_waiver,
    in_the_way,
    items_of,
    refusals_for,
)

TODAY = date(2026, 11, 24)
DARA, SOPHEAP, LAND = uuid4(), uuid4(), uuid4()
SUBJECTS = (
    Subject(Whom.APPLICATION),
    Subject(Whom.BORROWER, name="SOK CHANTHY"),
    Subject(Whom.GUARANTOR, DARA, "KEO DARA"),
    Subject(Whom.GUARANTOR, SOPHEAP, "KEO SOPHEAP"),
    Subject(Whom.COLLATERAL, LAND, "PP-0001", "Land"),
)
CARD = PaperRule(code="NID", document_type="card", whom=Whom.BORROWER, gate=Gate.SUBMIT)


def loan(**changes: Any) -> Loan:
    return Loan(
        **{
            "currency": Currency.USD,
            "amount": Decimal(1500),
            "income_source": "Salary",
            "marital_status": "married",
            "products": ["monthly_loan"],
            "subjects": SUBJECTS,
            **changes,
        }
    )


def a_rule(**changes: Any) -> PaperRule:
    return PaperRule(**{"code": "NID", "document_type": "card", "whom": Whom.BORROWER, "gate": Gate.SUBMIT, **changes})


def a_paper(**changes: Any) -> Paper:
    return Paper(**{"id": uuid4(), "document_type": "card", "dated": TODAY, **changes})


def needs(*rules: PaperRule, papers: Any = (), exempt: Any = (), of: Loan | None = None) -> list[Need]:
    return [item.need for item in items_of(rules, of or loan(), papers, exempt, today=TODAY)]


@pytest.mark.parametrize(
    ("when", "asked"),
    [
        ({}, True),
        ({"min_amount": {Currency.USD: Decimal(1500)}}, True),
        ({"min_amount": {Currency.USD: Decimal("1500.01")}}, False),
        ({"min_amount": {Currency.KHR: Decimal(99_000_000)}}, True),
        ({"income_sources": ["salary "]}, True),
        ({"income_sources": ["business"]}, False),
        ({"marital_statuses": ["single"]}, False),
        ({"products": ["MONTHLY_LOAN", "harvest"]}, True),
        ({"products": ["harvest"]}, False),
        ({"collateral_kinds": ["land"]}, True),
        ({"collateral_kinds": ["car"]}, False),
    ],
)
def test_a_paper_is_asked_for_where_every_condition_holds(when: dict[str, Any], asked: bool) -> None:  # noqa: FBT001
    assert bool(needs(a_rule(when=When(**when)))) is asked


def test_each_guarantor_needs_papers_of_their_own() -> None:
    rule = a_rule(whom=Whom.GUARANTOR)
    assert needs(rule) == [Need.MISSING, Need.MISSING]
    assert needs(rule, papers=[a_paper(subject_id=SOPHEAP)]) == [Need.MISSING, Need.MET]
    assert needs(rule, papers=[a_paper(), a_paper(subject_id=DARA)]) == [Need.MET, Need.MET]
    assert needs(rule, papers=[a_paper(), a_paper(subject_id=uuid4())]) == [Need.MET, Need.MISSING]
    assert needs(rule, of=loan(subjects=SUBJECTS[:2])) == []


@pytest.mark.parametrize(
    ("rule", "paper", "need"),
    [
        ({}, {}, Need.MET),
        ({}, {"verdict": PaperVerdict.REFUSED}, Need.REFUSED),
        ({"count": 2}, {}, Need.MISSING),
        ({"verified": True}, {}, Need.UNVERIFIED),
        ({"verified": True}, {"verdict": PaperVerdict.ACCEPTED}, Need.MET),
        ({"max_age_days": 30}, {"dated": TODAY - timedelta(days=30)}, Need.MET),
        ({"max_age_days": 30}, {"dated": TODAY - timedelta(days=31)}, Need.OUTDATED),
        ({}, {"expires_on": TODAY}, Need.MET),
        ({}, {"expires_on": TODAY - timedelta(days=1)}, Need.OUTDATED),
        ({}, {"document_type": "photo"}, Need.MISSING),
    ],
)
def test_how_it_stands_with_a_paper(rule: dict[str, Any], paper: dict[str, Any], need: Need) -> None:
    assert needs(a_rule(**rule), papers=[a_paper(**paper)]) == [need]


def test_of_a_group_one_paper_is_enough_and_one_sentence_is_said() -> None:
    rules = (a_rule(any_of="ID"), a_rule(code="BOOK", document_type="book", any_of="ID"))
    assert needs(*rules, papers=[a_paper(document_type="book")]) == [Need.ANOTHER, Need.MET]
    waiting = items_of(rules, loan(), (), today=TODAY)
    (said,) = refusals_for(waiting, labels={"card": "Identity card", "book": "Family book"})
    assert (type(said), said.detail) == (PaperMissing, "Paper missing: Identity card or Family book.")


def test_a_refusal_names_the_paper_how_many_and_for_whom() -> None:
    rule = a_rule(whom=Whom.GUARANTOR, count=2, verified=True)
    items = items_of([rule], loan(), [a_paper(subject_id=DARA), a_paper(subject_id=DARA)], today=TODAY)
    said = refusals_for(items, labels={"card": "Identity card"})
    assert [(type(each), each.detail) for each in said] == [
        (PaperUnverified, "Paper not verified yet: Identity card (×2), for KEO DARA."),
        (PaperMissing, "Paper missing: Identity card (×2), for KEO SOPHEAP."),
    ]


@pytest.mark.parametrize(
    ("rule", "paper", "refusal", "said"),
    [
        ({"max_age_days": 30}, {"dated": TODAY - timedelta(days=31)}, PaperOutdated, "Paper too old: Card."),
        ({}, {"verdict": PaperVerdict.REFUSED}, PaperRefused, "Paper refused: Card."),
    ],
)
def test_a_paper_that_is_too_old_or_was_refused_is_said_to_be(
    rule: dict[str, Any], paper: dict[str, Any], refusal: type, said: str
) -> None:
    (found,) = refusals_for(
        items_of([a_rule(**rule)], loan(), [a_paper(**paper)], today=TODAY), labels={"card": "Card"}
    )
    assert (type(found), found.detail) == (refusal, said)


def test_of_a_group_the_nearest_paper_is_told_and_two_groups_are_two_sentences() -> None:
    card, book = a_rule(any_of="ID", verified=True), a_rule(code="BOOK", document_type="book", any_of="ID")
    bill, slip = [a_rule(code=code, document_type=code, any_of="HOME", gate=Gate.REVIEW) for code in ("bill", "slip")]
    items = items_of([book, card, bill, slip], loan(), [a_paper()], today=TODAY)
    found = refusals_for(items, labels={})
    assert [(type(each), each.detail) for each in found] == [
        (PaperUnverified, "Paper not verified yet: book or card."),
        (PaperMissing, "Paper missing: bill or slip."),
    ]


def test_what_is_there_is_in_nobodys_way_and_stands_for_no_other_paper() -> None:
    book = a_rule(code="BOOK", document_type="book")
    items = items_of([CARD, book], loan(), [a_paper()], today=TODAY)
    assert [item.need for item in items] == [Need.MET, Need.MISSING]
    assert [item.rule.code for item in in_the_way(items, Gate.DISBURSE)] == ["BOOK"]


def test_a_waiver_for_one_of_a_group_is_enough() -> None:
    rules = (a_rule(any_of="ID"), a_rule(code="BOOK", document_type="book", any_of="ID"))
    assert needs(*rules, exempt=[Exemption("BOOK")]) == [Need.ANOTHER, Need.WAIVED]


def test_papers_of_one_are_nobody_elses_and_of_land_not_those_of_a_car() -> None:
    car, ben = uuid4(), uuid4()
    subjects = (*SUBJECTS, Subject(Whom.COLLATERAL, car, "2A-1234", "Car"), Subject(Whom.CO_BORROWER, ben, "SOK BEN"))
    title = a_rule(whom=Whom.COLLATERAL, when=When(collateral_kinds=["land"]))
    items = items_of([title], loan(subjects=subjects), [a_paper(subject_id=car)], today=TODAY)
    assert [(item.subject.id, item.need) for item in items] == [(LAND, Need.MISSING)]
    for whom, own, others in ((Whom.COLLATERAL, LAND, DARA), (Whom.CO_BORROWER, ben, DARA)):
        rule, of = a_rule(whom=whom, when=When(collateral_kinds=["land"])), loan(subjects=subjects)
        assert needs(rule, papers=[a_paper(subject_id=others)], of=of) == [Need.MISSING]
        assert needs(rule, papers=[a_paper(subject_id=own)], of=of) == [Need.MET]
    unknown = loan(amount=None)
    assert needs(a_rule(when=When(min_amount={Currency.USD: Decimal(1)})), of=unknown) == []


def test_a_group_for_the_same_people_and_gate_is_a_checklist() -> None:
    check_checklist(
        [a_rule(any_of="ID"), a_rule(code="BOOK", any_of="ID"), a_rule(code="X", gate=Gate.APPROVE)],
        known_types={"card"},
    )


def test_a_waiver_is_for_one_or_for_all() -> None:
    rule = a_rule(whom=Whom.GUARANTOR)
    assert needs(rule, exempt=[Exemption("NID", DARA)]) == [Need.WAIVED, Need.MISSING]
    assert needs(rule, exempt=[Exemption("NID")]) == [Need.WAIVED, Need.WAIVED]
    assert needs(rule, exempt=[Exemption("OTHER")]) == [Need.MISSING, Need.MISSING]


@given(
    st.lists(
        st.builds(
            a_paper,
            subject_id=st.sampled_from([None, DARA, SOPHEAP]),
            verdict=st.sampled_from([None, *PaperVerdict]),
            dated=st.sampled_from([TODAY, TODAY - timedelta(days=100)]),
        ),
        max_size=6,
    ),
    st.integers(1, 3),
    st.booleans(),
)
def test_no_paper_counts_twice_and_a_better_one_never_harms(
    papers: list[Paper],
    count: int,
    verified: bool,  # noqa: FBT001
) -> None:
    rule = a_rule(whom=Whom.GUARANTOR, count=count, verified=verified, max_age_days=30)

    def settled(given_in: list[Paper]) -> list[bool]:
        return [item.need in SETTLED for item in items_of([rule], loan(), given_in, today=TODAY)]

    taken: list[UUID] = [paper for item in items_of([rule], loan(), papers, today=TODAY) for paper in item.papers]
    assert len(taken) == len(set(taken))
    before, after = settled(papers), settled([*papers, a_paper(subject_id=DARA, verdict=PaperVerdict.ACCEPTED)])
    assert sum(after) >= sum(before)
    assert settled([*papers, *(a_paper(verdict=PaperVerdict.ACCEPTED) for _ in range(2 * count))]) == [True, True]


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_waits_for_the_papers_of_the_gates_before_it_too(gate: Gate) -> None:
    rules = [a_rule(code=each.name, gate=each) for each in GATES] + [a_rule(code="WISH", gate=None)]
    waiting = in_the_way(items_of(rules, loan(), (), today=TODAY), gate)
    assert [item.rule.gate for item in waiting] == list(GATES[: GATES.index(gate) + 1])


@pytest.mark.parametrize(
    "rules",
    [
        [CARD, CARD],
        [a_rule(document_type="horoscope")],
        [a_rule(any_of="ID"), a_rule(code="BOOK", any_of="ID", gate=Gate.APPROVE)],
        [a_rule(any_of="ID"), a_rule(code="BOOK", any_of="ID", whom=Whom.GUARANTOR)],
    ],
)
def test_a_checklist_that_contradicts_itself_is_none(rules: list[PaperRule]) -> None:
    check_checklist([CARD], known_types={"card"})
    with pytest.raises(BadChecklist):
        check_checklist(rules, known_types={"card", "book"})


def test_who_verifies_and_what_is_waived() -> None:
    with pytest.raises(SodUploader):
        check_verifier(person=DARA, uploaded_by=DARA)
    check_verifier(person=DARA, uploaded_by=SOPHEAP)
    check_waiver(CARD, ends_on=TODAY, today=TODAY)
    with pytest.raises(WaiverOver):
        check_waiver(CARD, ends_on=TODAY - timedelta(days=1), today=TODAY)
    with pytest.raises(NotWaivable):
        check_waiver(a_rule(waivable=False), ends_on=TODAY, today=TODAY)


def test_an_item_is_outstanding_until_it_is_settled() -> None:
    for need in Need:
        item = Item(rule=CARD, subject=SUBJECTS[1], need=need, papers=())
        assert item.outstanding is (need not in {Need.MET, Need.WAIVED, Need.ANOTHER})


def test_the_same_photo_handed_in_twice_is_one() -> None:
    twice = a_rule(count=2)
    first, again, other = a_paper(content=b"a"), a_paper(content=b"a"), a_paper(content=b"b")
    assert needs(twice, papers=[first, again]) == [Need.MISSING]
    assert needs(twice, papers=[first, again, other]) == [Need.MET]
    seen = a_rule(verified=True)
    looked_at = a_paper(content=b"a", verdict=PaperVerdict.ACCEPTED)
    (item,) = items_of([seen], loan(), [first, looked_at], today=TODAY)
    assert (item.need, item.papers) == (Need.MET, (looked_at.id,))
