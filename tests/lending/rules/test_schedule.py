"""Schedules and their yearly cost: the written-down examples, and thousands of loans against another library."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pyxirr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules import schedule as rules
from lc_workflow.lending.rules.apr import NoRate, dated_yearly_cost, yearly_cost
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.schedule import PERIODS_PER_YEAR, DayCount, Frequency, Method, Rounding, Terms, schedule

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/schedules.json").read_text())
BY_NAME = {row["name"]: row for row in VECTORS["schedules"]}


def terms_of(raw: dict[str, Any]) -> Terms:
    kinds: dict[str, Any] = {
        "currency": Currency,
        "principal": Decimal,
        "annual_rate": Decimal,
        "frequency": Frequency,
        "method": Method,
        "interest_rounding": Rounding,
        "disbursed_on": date.fromisoformat,
        "first_due_on": date.fromisoformat,
        "day_count": DayCount,
    }
    return Terms(**{name: kinds.get(name, int)(value) for name, value in raw.items()})


@pytest.mark.parametrize("name", BY_NAME)
def test_a_schedule_is_the_one_written_down(name: str) -> None:
    vector = BY_NAME[name]
    rows = schedule(terms_of(vector["terms"]))
    assert [(r.due_on, r.principal, r.interest, r.total, r.balance) for r in rows] == [
        (date.fromisoformat(due) if due else None, *map(Decimal, amounts)) for due, *amounts in vector["rows"]
    ]
    assert sum(r.interest for r in rows) == Decimal(vector["interest"])


@pytest.mark.parametrize("vector", VECTORS["yearly_costs"], ids=lambda vector: vector["name"])
def test_the_yearly_cost_is_the_one_written_down(vector: dict[str, Any]) -> None:
    rows = schedule(terms_of(BY_NAME[vector["schedule"]]["terms"]))
    cost = yearly_cost(Decimal(vector["received"]), [r.total for r in rows], vector["periods_per_year"])
    assert f"{cost.periodic * 100:.8f}" == vector["periodic"]
    assert f"{cost.nominal * 100:.4f}" == vector["nominal"]
    assert f"{cost.effective * 100:.4f}" == vector["effective"]


def test_a_loan_that_rounding_would_repay_too_soon_is_refused() -> None:
    terms = Terms(Currency.KHR, Decimal(5400), Decimal(18), 36, Frequency.MONTHLY, Method.EQUAL_PRINCIPAL)
    with pytest.raises(rules.RoundingExhaustsPrincipal, match="installment 27 of 36"):
        schedule(terms)


def test_a_principal_no_coins_can_pay_is_refused() -> None:
    with pytest.raises(rules.NotAMultipleOfTheQuantum):
        schedule(Terms(Currency.KHR, Decimal(5450), Decimal(18), 12, Frequency.MONTHLY, Method.ANNUITY))


def test_nothing_received_has_no_yearly_cost() -> None:
    with pytest.raises(NoRate):
        yearly_cost(Decimal(0), [Decimal(1)], 12)


@pytest.mark.parametrize("payments", [[Decimal(1)], [], [Decimal(50), Decimal("49.99")]])
def test_who_pays_back_less_than_they_received_has_no_yearly_cost(payments: list[Decimal]) -> None:
    day = date(2026, 1, 1)
    for received in (Decimal(100), Decimal(0), Decimal(-1)):
        with pytest.raises(NoRate):
            yearly_cost(received, payments, 12)
        with pytest.raises(NoRate):
            dated_yearly_cost(received, day, [(day + timedelta(days=30), payment) for payment in payments], 12)


def test_what_is_paid_back_as_it_was_received_costs_nothing() -> None:
    cost = yearly_cost(Decimal(100), [Decimal(50), Decimal(50)], 12)
    assert [cost.periodic, cost.nominal, cost.effective] == [0, 0, 0]


@pytest.mark.parametrize(
    ("received_on", "paid_on", "nominal", "effective"),
    [
        (date(2026, 1, 1), date(2027, 1, 1), "9.568969", "10.000000"),
        (date(2028, 1, 1), date(2029, 1, 1), "9.542720", "9.971359"),
        (date(2026, 1, 1), date(2026, 7, 2), "19.267449", "21.063382"),
    ],
    ids=["a year", "a leap year has a day more", "half a year"],
)
def test_dated_flows_cost_by_the_days_between_them(
    received_on: date, paid_on: date, nominal: str, effective: str
) -> None:
    cost = dated_yearly_cost(Decimal(1000), received_on, [(paid_on, Decimal(1100))], 12)
    assert (f"{cost.nominal * 100:.6f}", f"{cost.effective * 100:.6f}") == (nominal, effective)


def test_a_thousand_dated_loans_cost_what_another_library_finds() -> None:
    chance = Random(20_261_129)
    made = 0
    for number in range(1_000):
        terms = a_loan(chance)
        assert terms.disbursed_on
        try:
            rows = schedule(terms)
        except (rules.RoundingExhaustsPrincipal, rules.InstallmentBelowInterest, rules.ImpossibleTerms):
            continue
        flows = [(row.due_on, row.total) for row in rows if row.due_on]
        periods = PERIODS_PER_YEAR[terms.frequency]
        cost = dated_yearly_cost(terms.principal, terms.disbursed_on, flows, periods)
        other = pyxirr.xirr(
            [terms.disbursed_on, *(day for day, _ in flows)],
            [-float(terms.principal), *(float(paid) for _, paid in flows)],
        )
        assert other is not None
        assert float(cost.effective) == pytest.approx(other, rel=1e-6, abs=1e-8), (number, terms)
        assert float(cost.nominal) == pytest.approx(periods * ((1 + other) ** (1 / periods) - 1), rel=1e-6, abs=1e-8)
        assert float(cost.periodic * periods) == pytest.approx(float(cost.nominal))
        made += 1
    assert made > 800


@st.composite
def loans(draw: st.DrawFn) -> Terms:
    currency = draw(st.sampled_from(Currency))
    method = draw(st.sampled_from(Method))
    term = draw(st.integers(1, 60))
    principal = draw(st.integers(10_000, 5_000_000)) * rules.QUANTUM[currency]
    return Terms(
        currency,
        principal,
        draw(st.decimals(0, 60, places=2)),
        term,
        draw(st.sampled_from(Frequency)),
        method,
        principal_grace=draw(st.integers(0, term - 1)),
        principal_every=draw(st.integers(1, 6)),
        residual=rules.rounded(principal / 5, currency) if method is Method.ANNUITY_RESIDUAL else Decimal(0),
        installment_rounding=draw(st.sampled_from(Rounding)),
        interest_rounding=draw(st.sampled_from([Rounding.HALF_UP, Rounding.FLOOR])),
        disbursed_on=date(2026, 1, 1),
        first_due_on=draw(st.dates(date(2026, 1, 2), date(2026, 3, 31))),
        anchor_day=draw(st.integers(1, 31) | st.none()),
    )


def check(terms: Terms) -> bool:
    """Compare a loan with what another library finds; answers whether its rounding lets it be made at all."""
    try:
        rows = schedule(terms)
    except (rules.RoundingExhaustsPrincipal, rules.InstallmentBelowInterest):
        return False
    assert len(rows) == terms.term
    assert sum(r.principal for r in rows) == terms.principal
    assert not any(amount % rules.QUANTUM[terms.currency] for r in rows for amount in (r.principal, r.interest))
    assert all(r.principal >= 0 and r.interest >= 0 for r in rows)
    dues = [r.due_on for r in rows if r.due_on]
    assert dues == sorted(dues)
    payments = [r.total for r in rows]
    other = pyxirr.irr([-float(terms.principal), *map(float, payments)])
    assert other is not None
    assert abs(float(yearly_cost(terms.principal, payments, 12).periodic) - other) < 1e-6
    return True


@settings(max_examples=100)
@given(loans())
def test_any_loan_is_repaid_in_its_rows_at_the_rate_another_library_finds(terms: Terms) -> None:
    assume(check(terms))


def a_loan(chance: Random) -> Terms:
    """A loan as chance has it; the same chance brings the same loans."""
    currency, method, term = chance.choice(list(Currency)), chance.choice(list(Method)), chance.randint(1, 60)
    principal = chance.randint(10_000, 5_000_000) * rules.QUANTUM[currency]
    return Terms(
        currency,
        principal,
        Decimal(chance.randint(0, 6_000)) / 100,
        term,
        chance.choice(list(Frequency)),
        method,
        principal_grace=chance.choice([0, 0, chance.randint(0, term - 1)]),
        principal_every=chance.choice([1, 1, chance.randint(1, 6)]),
        residual=rules.rounded(principal / 5, currency) if method is Method.ANNUITY_RESIDUAL else Decimal(0),
        installment_rounding=chance.choice(list(Rounding)),
        interest_rounding=chance.choice([Rounding.HALF_UP, Rounding.FLOOR]),
        disbursed_on=date(2026, 1, 1),
        first_due_on=date(2026, 1, 2) + timedelta(days=chance.randint(0, 88)),
        anchor_day=chance.choice([None, chance.randint(1, 31)]),
        day_count=chance.choice(list(DayCount)),
        business_day=chance.choice(list(BusinessDay)),
    )


def test_five_thousand_loans_agree_with_another_library() -> None:
    chance = Random(20_261_124)
    made = 0
    for number in range(5_000):
        terms = a_loan(chance)
        try:
            made += check(terms)
        except AssertionError as difference:
            raise AssertionError((number, terms)) from difference
    assert made > 4_000
