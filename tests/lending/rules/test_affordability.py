"""Whether a household can repay: the written-down examples, and what is unknown is never zero."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.affordability import (
    TIMES_A_YEAR,
    AffordabilityVerdict,
    Band,
    Constraint,
    Kind,
    Line,
    Party,
    Policy,
    PolicyContradictsItself,
    Proposed,
    Rates,
    Rhythm,
    assess,
    check_policy,
    in_figures,
    largest_principal,
    monthly,
)
from lc_workflow.lending.rules.schedule import Frequency, Installment, Method, Terms, schedule

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/affordability.json").read_text())
POLICY = Policy(
    Currency.USD,
    dti_limit=Decimal(50),
    nii_solvent=Decimal(75),
    nii_at_risk=Decimal(100),
    capacity=Decimal(70),
    steps={Currency.USD: Decimal(50), Currency.KHR: Decimal(200_000)},
)
RATES = Rates(Currency.USD, {Currency.KHR: Decimal(4100)})


def lines(kind: Kind, amounts: list[list[str]], *, verified: bool = False) -> list[Line]:
    return [
        Line(Party.BORROWER, kind, Decimal(amount), Currency(currency), Rhythm.MONTHLY, verified)
        for amount, currency in amounts
    ]


def household(income: str, expenses: str, debt: str) -> list[Line]:
    return [
        *lines(Kind.INCOME, [[income, "USD"]]),
        *lines(Kind.EXPENSE, [[expenses, "USD"]]),
        *lines(Kind.DEBT, [[debt, "USD"]], verified=True),
    ]


def loan(currency: str, principal: str, term: int, method: Method = Method.ANNUITY) -> Proposed:
    terms = Terms(Currency(currency), Decimal(principal), Decimal(18), term, Frequency.MONTHLY, method)
    return Proposed(terms.currency, terms.frequency, terms.annual_rate, term, schedule(terms))


def one_installment(amount: str) -> Proposed:
    """A loan whose installments take so much a month."""
    row = Installment(1, None, Decimal(amount), Decimal(0), Decimal(0))
    return Proposed(Currency.USD, Frequency.MONTHLY, Decimal(18), 24, [row])


def shown(value: Fraction | None, places: int = 2) -> str | None:
    return None if value is None else f"{float(value):.{places}f}"


@pytest.mark.parametrize("vector", VECTORS["ratios"], ids=lambda vector: vector["name"])
def test_the_debts_take_so_much_of_the_income(vector: dict[str, Any]) -> None:
    proposed = loan(*vector["loan"])
    assert str(proposed.installments[0].total) == vector["installment"]
    found = assess([*lines(Kind.INCOME, vector["income"]), *lines(Kind.DEBT, vector["debts"])], proposed, POLICY, RATES)
    assert shown(found.dti and found.dti * 100) == vector["dti"]
    assert found.verdict == vector["verdict"]
    if "gross" in vector:
        assert (shown(found.gross_income), shown(found.existing_debt)) == (vector["gross"], vector["existing"])
    if "flag" in vector:
        assert vector["flag"] in {flag.code for flag in found.flags}


@pytest.mark.parametrize("vector", VECTORS["largest"], ids=lambda vector: vector["name"])
def test_the_largest_loan_is_the_one_written_down(vector: dict[str, Any]) -> None:
    found = assess(
        household(vector["income"], vector["expenses"], vector["existing"]),
        loan("USD", "1000.00", vector["term"]),
        POLICY,
        RATES,
    ).largest
    assert found is not None
    assert shown(found.by_dti, 1) == vector["by_dti"]
    assert shown(found.by_capacity, 1) == vector["by_capacity"]
    assert shown(found.installment, 1) == vector["installment"]
    assert shown(found.exact, 4) == vector["exact"]
    assert str(found.offered) == vector["offered"]
    assert found.binding == vector["binding"]


@pytest.mark.parametrize("vector", VECTORS["monthly"], ids=lambda vector: vector["name"])
def test_what_is_due_more_often_is_a_month_s(vector: dict[str, Any]) -> None:
    assert shown(monthly(Decimal(vector["amount"]), TIMES_A_YEAR[Rhythm(vector["rhythm"])])) == vector["monthly"]
    assert monthly(Decimal(12), TIMES_A_YEAR[Rhythm.BIWEEKLY]) == 26
    assert monthly(Decimal(12), TIMES_A_YEAR[Rhythm.DAILY]) == 365
    assert monthly(Decimal(12), TIMES_A_YEAR[Rhythm.YEARLY]) == 1


@pytest.mark.parametrize("vector", VECTORS["bands"], ids=lambda vector: vector["name"])
def test_bands_are_told_by_unrounded_values(vector: dict[str, Any]) -> None:
    proposed = one_installment(vector["service"])
    found = assess(household(vector["income"], vector["expenses"], "0"), proposed, POLICY, RATES)
    assert shown(found.nii and found.nii * 100) == vector["nii"]
    assert found.band == vector["band"]


def test_exactly_the_limit_is_within_it() -> None:
    assert (
        assess(household("400", "0", "0"), one_installment("200"), POLICY, RATES).verdict is AffordabilityVerdict.PASS
    )
    above = assess(household("400", "0", "0"), one_installment("200.01"), POLICY, RATES)
    assert [flag.code for flag in above.flags] == ["DtiAboveLimit"]


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ([Line(Party.BORROWER, Kind.DEBT, None, Currency.USD, Rhythm.MONTHLY)], {"UnverifiedObligations"}),
        ([Line(Party.BORROWER, Kind.INCOME, None, Currency.USD, Rhythm.MONTHLY)], {"IncomeMissing"}),
        ([Line(Party.BORROWER, Kind.EXPENSE, None, Currency.USD, Rhythm.MONTHLY)], {"ExpensesMissing"}),
        ([Line(Party.BORROWER, Kind.EXPENSE, Decimal(400), Currency.USD, Rhythm.MONTHLY)], {"NothingLeft"}),
        ([Line(Party.GUARANTOR, Kind.DEBT, None, Currency.USD, Rhythm.MONTHLY)], set()),
    ],
)
def test_what_is_unknown_is_referred(changed: list[Line], flags: set[str]) -> None:
    found = assess([*household("400", "0", "0"), *changed], one_installment("50"), POLICY, RATES)
    assert {flag.code for flag in found.flags} == flags
    assert found.verdict is (AffordabilityVerdict.REFER if flags else AffordabilityVerdict.PASS)


def test_no_lines_no_loan_and_no_rate_are_referred_each_with_its_flag() -> None:
    nothing = assess([], None, POLICY, RATES)
    assert {flag.code for flag in nothing.flags} == {"UnverifiedObligations", "IncomeMissing", "InstallmentUnknown"}
    foreign = assess(
        [*lines(Kind.INCOME, [["4000000", "KHR"]]), *lines(Kind.DEBT, [["0", "USD"]], verified=True)],
        one_installment("50"),
        POLICY,
        Rates(Currency.USD, {}),
    )
    assert ({flag.code for flag in foreign.flags}, foreign.dti) == ({"ExchangeRateMissing"}, None)


def test_a_balloon_needs_a_source_and_counts_with_its_usual_installments() -> None:
    found = assess(household("400", "0", "0"), loan("USD", "2000.00", 6, Method.BALLOON), POLICY, RATES)
    assert [flag.code for flag in found.flags] == ["BalloonSourceRequired"]
    assert found.proposed == 30


@settings(max_examples=300)
@given(
    st.integers(1, 100_000),
    st.integers(0, 50_000),
    st.integers(1, 50_000),
    st.sampled_from(Frequency),
    st.integers(1, 60),
)
def test_the_largest_loan_is_one_that_passes(
    income: int, expenses: int, debt: int, frequency: Frequency, term: int
) -> None:
    lines = household(str(income), str(expenses), str(debt))
    tiny = Terms(Currency.USD, Decimal("1000.00"), Decimal(18), term, frequency, Method.ANNUITY)
    found = assess(lines, Proposed(Currency.USD, frequency, Decimal(18), term, schedule(tiny)), POLICY, RATES).largest
    if found is None or not found.offered:
        return
    at_most = Terms(Currency.USD, found.offered, Decimal(18), term, frequency, Method.ANNUITY)
    rows = schedule(at_most)
    again = assess(lines, Proposed(Currency.USD, frequency, Decimal(18), term, rows[:1]), POLICY, RATES)
    a_cent = monthly(Decimal("0.01"), 365)
    assert again.proposed is not None
    assert again.proposed <= found.installment + a_cent


@pytest.mark.parametrize(
    ("expenses", "installment", "band", "flags"),
    [
        ("200", "149.99", Band.SOLVENT, []),
        ("200", "150", Band.SOLVENT, []),
        ("200", "150.01", Band.AT_RISK, ["NiiAboveLimit"]),
        ("200", "200", Band.AT_RISK, ["NiiAboveLimit"]),
        ("200.01", "200", Band.OVER_INDEBTED, ["NiiAboveLimit"]),
        ("399.5", "0.5", Band.AT_RISK, ["NiiAboveLimit"]),
    ],
)
def test_what_is_left_after_the_expenses_has_limits_that_are_within_themselves(
    expenses: str, installment: str, band: Band, flags: list[str]
) -> None:
    found = assess(household("400", expenses, "0"), one_installment(installment), POLICY, RATES)
    assert (found.band, [flag.code for flag in found.flags]) == (band, flags)
    assert found.verdict is (AffordabilityVerdict.REFER if flags else AffordabilityVerdict.PASS)


def test_what_a_co_borrower_earns_spends_and_owes_counts_and_what_a_guarantor_does_not() -> None:
    def of(party: Party) -> list[Line]:
        return [replace(line, party=party) for line in household("300", "100", "40")]

    alone = assess(household("400", "0", "10"), one_installment("50"), POLICY, RATES)
    together = assess(household("400", "0", "10") + of(Party.CO_BORROWER), one_installment("50"), POLICY, RATES)
    assert [together.gross_income, together.expenses, together.existing_debt] == [700, 100, 50]
    assert assess(household("400", "0", "10") + of(Party.GUARANTOR), one_installment("50"), POLICY, RATES) == alone


def test_that_nothing_is_owed_is_known_once_somebody_verified_it() -> None:
    told = household("400", "0", "0")
    unverified = [Line(line.party, line.kind, line.amount, line.currency, line.rhythm) for line in told]
    assert assess(told, one_installment("50"), POLICY, RATES).existing_debt == 0
    found = assess(unverified, one_installment("50"), POLICY, RATES)
    assert (found.existing_debt, found.dti, found.largest) == (None, None, None)
    assert [flag.code for flag in found.flags] == ["UnverifiedObligations"]


def test_a_loan_in_riel_is_held_against_an_income_in_dollars() -> None:
    terms = Terms(Currency.KHR, Decimal(4_100_000), Decimal(18), 12, Frequency.MONTHLY, Method.EQUAL_PRINCIPAL)
    riel = Proposed(Currency.KHR, Frequency.MONTHLY, Decimal(0), 12, schedule(terms))
    found = assess(household("400", "0", "0"), riel, POLICY, RATES)
    assert found.proposed == Fraction(riel.installments[0].total) / 4100
    assert found.largest is not None
    assert found.largest.installment == 200
    assert found.largest.binding is Constraint.DTI
    assert found.largest.exact == 200 * 4100 * 12
    assert found.largest.offered == 9_800_000, "whole steps of 200,000 riel"
    unknown = assess(household("400", "0", "0"), riel, POLICY, Rates(Currency.USD, {}))
    assert (unknown.proposed, unknown.dti, unknown.verdict) == (None, None, AffordabilityVerdict.REFER)
    assert [flag.code for flag in unknown.flags] == ["ExchangeRateMissing"]


def test_where_too_much_is_owed_already_nothing_more_can_be_carried() -> None:
    found = assess(household("400", "300", "250"), one_installment("50"), POLICY, RATES).largest
    assert found is not None
    assert [found.by_dti, found.by_capacity, found.installment, found.offered] == [0, 0, 0, 0]


def test_without_interest_a_loan_is_its_installments() -> None:
    assert largest_principal(Fraction(50), Decimal(0), Frequency.WEEKLY, 10) == 500


def test_a_household_that_spends_more_than_it_earns_has_nothing_left() -> None:
    found = assess(household("400", "400.01", "0"), one_installment("50"), POLICY, RATES)
    assert ([flag.code for flag in found.flags], found.nii, found.band) == (["NothingLeft"], None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"nii_at_risk": Decimal("74.99")},
        {"steps": {Currency.USD: Decimal(50)}},
        {"steps": {Currency.USD: Decimal(50), Currency.KHR: Decimal(0)}},
        {"steps": {Currency.USD: Decimal(50), Currency.KHR: Decimal(1_000_000_001)}},
    ],
)
def test_a_policy_that_contradicts_itself_judges_nobody(changes: dict[str, Any]) -> None:
    check_policy(POLICY)
    check_policy(replace(POLICY, nii_at_risk=POLICY.nii_solvent))
    check_policy(replace(POLICY, steps={Currency.USD: Decimal("0.01"), Currency.KHR: Decimal(1_000_000_000)}))
    with pytest.raises(PolicyContradictsItself):
        check_policy(replace(POLICY, **changes))


def test_figures_are_shown_rounded_half_up() -> None:
    assert [in_figures(Fraction(value)) for value in ("1/3", "1/200", "-1/200", "2", "1/201")] == [
        *map(Decimal, ("0.33", "0.01", "-0.01", "2.00", "0.00"))
    ]
    assert in_figures(Fraction(2, 3), 4) == Decimal("0.6667")
