"""Due dates on weekends and holidays, and the loans whose flows they date."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import pyxirr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.apr import dated_yearly_cost
from lc_workflow.lending.rules.business_days import BusinessDay, is_business_day, on_business_day
from lc_workflow.lending.rules.schedule import (
    DayCount,
    Frequency,
    ImpossibleTerms,
    InstallmentBelowInterest,
    Method,
    RoundingExhaustsPrincipal,
    Terms,
    due_dates,
    schedule,
)

KHMER_NEW_YEAR = frozenset({date(2026, 4, 14), date(2026, 4, 15), date(2026, 4, 16)})


@pytest.mark.parametrize(
    ("day", "rule", "paid_on"),
    [
        (date(2026, 10, 31), BusinessDay.NONE, date(2026, 10, 31)),
        (date(2026, 10, 31), BusinessDay.FOLLOWING, date(2026, 11, 2)),
        (date(2026, 10, 31), BusinessDay.MODIFIED_FOLLOWING, date(2026, 10, 30)),
        (date(2026, 10, 31), BusinessDay.PRECEDING, date(2026, 10, 30)),
        (date(2026, 4, 14), BusinessDay.FOLLOWING, date(2026, 4, 17)),
        (date(2026, 4, 14), BusinessDay.PRECEDING, date(2026, 4, 13)),
        (date(2026, 4, 11), BusinessDay.MODIFIED_FOLLOWING, date(2026, 4, 13)),
    ],
)
def test_a_day_nobody_works_on_moves_as_agreed(day: date, rule: BusinessDay, paid_on: date) -> None:
    assert on_business_day(day, rule, KHMER_NEW_YEAR) == paid_on


MONTHLY = Terms(
    Currency.KHR,
    Decimal(6_000_000),
    Decimal(18),
    6,
    Frequency.MONTHLY,
    Method.EQUAL_PRINCIPAL,
    disbursed_on=date(2025, 8, 31),
    first_due_on=date(2025, 9, 30),
    anchor_day=31,
    day_count=DayCount.ACT_365,
)


def test_a_moved_due_date_moves_no_other_and_its_interest_is_counted_to_it() -> None:
    rows = schedule(replace(MONTHLY, business_day=BusinessDay.FOLLOWING))
    assert [row.due_on for row in rows] == [
        date(2025, 9, 30),
        date(2025, 10, 31),
        date(2025, 12, 1),
        date(2025, 12, 31),
        date(2026, 2, 2),
        date(2026, 3, 2),
    ]
    assert rows[2].interest == 61_200  # 31 days at 4,000,000, not 30
    assert due_dates(MONTHLY) == due_dates(replace(MONTHLY, business_day=BusinessDay.FOLLOWING))


def test_an_installment_is_never_moved_to_the_disbursement() -> None:
    terms = replace(
        MONTHLY,
        disbursed_on=date(2026, 10, 30),
        first_due_on=date(2026, 10, 31),
        business_day=BusinessDay.PRECEDING,
    )
    with pytest.raises(ImpossibleTerms, match="business day"):
        schedule(terms)


def test_the_calendar_ends_before_the_next_business_day() -> None:
    terms = replace(
        MONTHLY,
        term=1,
        disbursed_on=date(9999, 12, 1),
        first_due_on=date(9999, 12, 31),
        business_day=BusinessDay.FOLLOWING,
        holidays=frozenset({date(9999, 12, 31)}),
    )
    with pytest.raises(ImpossibleTerms):
        schedule(terms)


@st.composite
def dated_loans(draw: st.DrawFn) -> Terms:
    disbursed_on = draw(st.dates(date(2024, 1, 1), date(2028, 12, 31)))
    return Terms(
        draw(st.sampled_from(Currency)),
        Decimal(draw(st.integers(1, 500))) * 100_000,
        draw(st.decimals(0, 40, places=2)),
        draw(st.integers(1, 40)),
        draw(st.sampled_from(Frequency)),
        draw(st.sampled_from([Method.ANNUITY, Method.EQUAL_PRINCIPAL, Method.BALLOON, Method.FLAT])),
        disbursed_on=disbursed_on,
        first_due_on=draw(st.dates(date(2029, 1, 3), date(2029, 3, 31)))
        if draw(st.booleans())
        else date.fromordinal(disbursed_on.toordinal() + 40),
        anchor_day=draw(st.integers(1, 31) | st.none()),
        day_count=draw(st.sampled_from(DayCount)),
        business_day=draw(st.sampled_from(BusinessDay)),
        holidays=frozenset(draw(st.lists(st.dates(date(2024, 1, 1), date(2030, 12, 31)), max_size=20))),
    )


@settings(max_examples=200)
@given(dated_loans())
def test_dated_flows_cost_what_another_library_finds(terms: Terms) -> None:
    try:
        rows = schedule(terms)
    except (RoundingExhaustsPrincipal, InstallmentBelowInterest):
        assume(False)
    dues = [row.due_on for row in rows if row.due_on]
    assert len(dues) == terms.term
    assert dues == sorted(dues)
    if terms.business_day is not BusinessDay.NONE:
        assert all(is_business_day(day, terms.holidays) for day in dues)
    assert sum(row.principal for row in rows) == terms.principal
    assert terms.disbursed_on is not None
    flows = list(zip(dues, (row.total for row in rows), strict=True))
    found = dated_yearly_cost(terms.principal, terms.disbursed_on, flows, 12)
    other = pyxirr.xirr([terms.disbursed_on, *dues], [-float(terms.principal), *(float(row.total) for row in rows)])
    assert other is not None
    assert abs(float(found.effective) - other) < 1e-6
    assert abs((1 + found.periodic) ** 12 - 1 - found.effective) < Decimal("1e-20")
