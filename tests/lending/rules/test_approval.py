"""Which stages a loan has to pass, without anything around it."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.matrices.schemas import MatrixDocument, as_matrix
from lc_workflow.lending.rules.approval import (
    ApprovalStage,
    BadMatrix,
    Basis,
    LoanCase,
    Matrix,
    NoPath,
    Path,
    Place,
    Reach,
    Rule,
    Surcharge,
    When,
    check_matrix,
    compared,
    exchanged,
    path_for,
)
from lc_workflow.lending.rules.coverage import CoverageGap, check_coverage
from tests.lending.vectors.matrices import CASES, VECTORS, document

RATE = Decimal(VECTORS["fx_khr_per_usd"])
HERE = uuid4()
BM = ApprovalStage("BM", "manager", Reach.BRANCH)
RM = ApprovalStage("RM", "regional_manager", Reach.REGION)


def a_matrix(*rules: Rule, **changes: Any) -> Matrix:
    return Matrix(
        **{"base_currency": Currency.USD, "basis": Basis.AMOUNT, "needs_limit": False, "rules": rules, **changes}
    )


def a_rule(priority: int, *stages: ApprovalStage, **when: Any) -> Rule:
    when |= {name: Decimal(str(when[name])) for name in ("min_amount", "max_amount") if name in when}
    return Rule(priority, When(**when), stages or (BM,))


def a_case(amount: object, **changes: Any) -> LoanCase:
    return LoanCase(**{"amount": Decimal(str(amount)), "currency": Currency.USD, "khr_per_usd": RATE, **changes})


def test_a_very_high_risk_is_a_high_one_where_the_matrix_names_no_other() -> None:
    careful = a_matrix(a_rule(1, BM, RM, risks=["high"]), a_rule(9, BM))
    assert path_for(careful, a_case(500, risk="very_high")).priority == 1
    assert path_for(careful, a_case(500, risk="medium")).priority == 9
    finer = a_matrix(a_rule(1, BM, RM, risks=["high"]), a_rule(2, BM, RM, risks=["very_high"]), a_rule(9, BM))
    assert path_for(finer, a_case(500, risk="very_high")).priority == 2


@given(st.integers(1, 49_999), st.integers(10_000_000, 1_000_000_000).map(lambda number: Decimal(number) / 10_000))
def test_riel_that_were_dollars_for_a_while_are_the_same_riel(hundreds: int, rate: Decimal) -> None:
    owed, asked = Decimal(hundreds * 100), Decimal(5_000_000 - hundreds * 100)
    there = exchanged(owed, Currency.KHR, Currency.USD, khr_per_usd=rate)
    assert compared(asked + exchanged(there, Currency.USD, Currency.KHR, khr_per_usd=rate)) == 5_000_000
    matrix = a_matrix(a_rule(1, max_amount=1000), a_rule(2, RM), basis=Basis.EXPOSURE)
    for more, priority in ((0, 1), ("0.01", 2)):
        case = a_case(rate * 1000 - owed + Decimal(more), currency=Currency.KHR, khr_per_usd=rate, exposure=there)
        assert path_for(matrix, case).priority == priority


@pytest.mark.parametrize("vector", CASES, ids=lambda vector: vector["id"])
def test_the_vectors(vector: dict[str, Any]) -> None:
    matrix = as_matrix(convert(document(), MatrixDocument, strict=False))
    path = path_for(
        matrix,
        LoanCase(
            amount=Decimal(vector["amount"]),
            currency=Currency(vector["currency"]),
            khr_per_usd=RATE,
            risk=vector["risk"].lower(),
            exposure=Decimal(vector["existing_exposure_usd"]),
            exceptions=vector["policy_exceptions"],
        ),
    )
    assert (path.priority, path.basis) == (vector["rule_priority"], Decimal(vector["basis_amount_usd"]))
    assert [f"{stage.code}x{stage.quorum}" for stage in path.stages] == vector["stages"]


def test_the_matrix_of_the_vectors_has_a_path_for_everybody() -> None:
    check_coverage(as_matrix(convert(document(), MatrixDocument, strict=False)))


def test_the_first_rule_that_fits_decides_whatever_order_they_are_written_in() -> None:
    matrix = a_matrix(a_rule(90, RM), a_rule(10, BM, max_amount=1000))
    assert path_for(matrix, a_case(1000)).stages == (BM,)
    assert path_for(matrix, a_case("1000.01")).stages == (RM,)


def test_a_loan_in_riel_is_compared_unrounded() -> None:
    matrix = a_matrix(a_rule(10, BM, max_amount=1000), a_rule(90, RM))
    assert path_for(matrix, a_case(4_100_000, currency=Currency.KHR)).stages == (BM,)
    assert path_for(matrix, a_case(4_100_001, currency=Currency.KHR)).stages == (RM,)


def test_what_is_not_known_fits_no_rule_that_asks_for_it() -> None:
    matrix = a_matrix(a_rule(10, BM, risks={"low"}), a_rule(90, RM))
    assert path_for(matrix, a_case(100, risk="low")).stages == (BM,)
    assert path_for(matrix, a_case(100)).stages == (RM,)


def test_what_the_customer_owes_already_counts_where_the_matrix_says_so() -> None:
    rules = (a_rule(10, BM, max_amount=1000), a_rule(90, RM))
    case = a_case(600, exposure=Decimal(500))
    assert path_for(a_matrix(*rules), case).stages == (BM,)
    assert path_for(a_matrix(*rules, basis=Basis.EXPOSURE), case).stages == (RM,)


@pytest.mark.parametrize(
    ("place", "path"), [(Place.FIRST, "R B M"), (Place.BEFORE_LAST, "B R M"), (Place.LAST, "B M R")]
)
def test_an_exception_adds_a_stage(place: Place, path: str) -> None:
    named = {code: ApprovalStage(code, "x", Reach.BRANCH) for code in "BMR"}
    matrix = a_matrix(a_rule(1, named["B"], named["M"]), surcharges=(Surcharge(named["R"], place),))
    assert [stage.code for stage in path_for(matrix, a_case(1, exceptions=1)).stages] == path.split()
    assert [stage.code for stage in path_for(matrix, a_case(1)).stages] == ["B", "M"]


def test_a_loan_without_a_path_is_refused() -> None:
    with pytest.raises(NoPath):
        path_for(a_matrix(a_rule(10, max_amount=1000)), a_case(1001))


@pytest.mark.parametrize(
    ("when", "others"),
    [
        ({"currencies": {Currency.USD}}, {"currency": Currency.KHR}),
        ({"products": {"monthly_loan"}}, {"products": ["daily_loan"]}),
        ({"risks": {"low"}}, {"risk": "high"}),
        ({"branches": {HERE}}, {"branch_id": uuid4()}),
        ({"exceptions": False}, {"exceptions": 1}),
        ({"exceptions": True}, {"exceptions": 0}),
    ],
)
def test_a_rule_is_for_the_loans_that_it_names_and_no_others(when: dict[str, Any], others: dict[str, Any]) -> None:
    matrix = a_matrix(a_rule(10, BM, **when), a_rule(90, RM))
    named = {
        "products": ["monthly_loan"],
        "risk": "low",
        "branch_id": HERE,
        "exceptions": int(when.get("exceptions", 0)),
    }
    assert path_for(matrix, a_case(100, **named)).stages == (BM,)
    assert path_for(matrix, a_case(100, **named | others)).stages == (RM,)


def test_amounts_are_compared_in_the_matrix_s_own_currency() -> None:
    matrix = a_matrix(a_rule(10, BM, max_amount=4_100_000), a_rule(90, RM), base_currency=Currency.KHR)
    assert path_for(matrix, a_case(1000)) == Path(10, Decimal(4_100_000), (BM,))
    assert path_for(matrix, a_case("1000.01")).stages == (RM,)
    assert path_for(matrix, a_case(4_100_000, currency=Currency.KHR)).basis == 4_100_000


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ((a_rule(10), a_rule(10)), "two rules have the priority 10"),
        ((a_rule(10, min_amount=5, max_amount=4),), "rule 10 begins above its end"),
        ((a_rule(10, BM, BM),), "rule 10 passes BM twice"),
        ((Rule(10, When(), ()),), "rule 10 has no stage"),
        ((), "it has no rule"),
    ],
)
def test_a_matrix_that_contradicts_itself_is_not_written_down(rules: tuple[Rule, ...], said: str) -> None:
    with pytest.raises(BadMatrix) as refused:
        check_matrix(a_matrix(*rules))
    assert refused.value.detail == f"The matrix contradicts itself: {said}."


def test_a_matrix_that_says_one_thing_about_every_loan_is_written_down() -> None:
    rules = (a_rule(10, BM, RM, min_amount=5, max_amount=5), a_rule(20, RM, max_amount=4), a_rule(30, min_amount=6))
    check_matrix(a_matrix(*rules))
    with pytest.raises(BadMatrix, match="rule 20 passes RM twice"):
        check_matrix(a_matrix(*rules[1:], surcharges=(Surcharge(RM),)))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ((a_rule(10, max_amount=1000),), "amounts above 1000 USD"),
        ((a_rule(10, max_amount=1000), a_rule(20, min_amount="1000.01")), "amounts above 1000 USD"),
        ((a_rule(10, min_amount=1),), "any amount USD"),
        ((a_rule(10, max_amount=1000), a_rule(20, risks={"high"})), "risk any other"),
        ((a_rule(10, currencies={Currency.USD}),), "loans in KHR"),
        ((a_rule(10, products={"monthly_loan"}),), "product any other"),
        ((a_rule(10, exceptions=False),), "with policy exceptions"),
    ],
)
def test_a_matrix_with_a_gap_is_not_published(rules: tuple[Rule, ...], said: str) -> None:
    with pytest.raises(CoverageGap, match=said):
        check_coverage(a_matrix(*rules))


@pytest.mark.parametrize(
    "rules",
    [
        (a_rule(10),),
        (a_rule(10, max_amount=1000), a_rule(20, min_amount=1000)),
        (a_rule(20, min_amount=500), a_rule(10, max_amount=1000)),
        (a_rule(10, exceptions=False), a_rule(20, exceptions=True)),
        (a_rule(10, currencies={Currency.USD}), a_rule(20, currencies={Currency.KHR})),
    ],
)
def test_a_matrix_without_a_gap_is_published(rules: tuple[Rule, ...]) -> None:
    check_coverage(a_matrix(*rules))


BOUNDS = st.none() | st.integers(0, 6).map(lambda number: Decimal(number) / 2)


@given(
    st.lists(
        st.builds(
            lambda low, high, risks, exceptions: (low, high, risks, exceptions),
            BOUNDS,
            BOUNDS,
            st.sets(st.sampled_from(["low", "high"])),
            st.sampled_from([None, True, False]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_published_has_a_path_for_every_loan_and_what_is_refused_has_not(rules: list[Any]) -> None:
    matrix = a_matrix(
        *(
            Rule(number, When(min_amount=low, max_amount=high, risks=risks, exceptions=exceptions), (BM,))
            for number, (low, high, risks, exceptions) in enumerate(rules)
        )
    )
    amounts = [Decimal(number) / 8 for number in range(80)]
    loans = [
        a_case(amount, risk=risk, exceptions=exceptions)
        for amount in amounts
        for risk in ("low", "high", None)
        for exceptions in (0, 1)
    ]

    def has_path(loan: LoanCase) -> bool:
        try:
            return bool(path_for(matrix, loan).stages)
        except NoPath:
            return False

    try:
        check_coverage(matrix)
    except CoverageGap:
        assert not all(has_path(loan) for loan in loans)
    else:
        assert all(has_path(loan) for loan in loans)
