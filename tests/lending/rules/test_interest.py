"""What a period costs by each way of counting days, when installments are due, and which terms cannot be."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.schedule import (
    DayCount,
    Frequency,
    ImpossibleTerms,
    InstallmentBelowInterest,
    Method,
    Rounding,
    Terms,
    schedule,
    usual_dues,
)

BULLET = Terms(
    Currency.USD,
    Decimal(36_000),
    Decimal(10),
    3,
    Frequency.MONTHLY,
    Method.BALLOON,
    disbursed_on=date(2026, 1, 31),
    first_due_on=date(2026, 2, 28),
    anchor_day=31,
)
PLAIN = Terms(Currency.USD, Decimal(1_000), Decimal(12), 12, Frequency.MONTHLY, Method.ANNUITY)


def principals(terms: Terms) -> list[str]:
    return [str(row.principal) for row in schedule(terms)]


@pytest.mark.parametrize(
    ("day_count", "interest"),
    [
        (DayCount.PERIODIC, ["300.00", "300.00", "300.00"]),
        (DayCount.ACT_365, ["276.16", "305.75", "295.89"]),
        (DayCount.ACT_360, ["280.00", "310.00", "300.00"]),
        (DayCount.THIRTY_E_360, ["280.00", "320.00", "300.00"]),
    ],
)
def test_february_march_and_april_cost_by_the_days_that_are_counted(day_count: DayCount, interest: list[str]) -> None:
    rows = schedule(replace(BULLET, day_count=day_count))
    assert [row.due_on for row in rows] == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert [str(row.interest) for row in rows] == interest


@pytest.mark.parametrize(
    ("disbursed_on", "first_due_on", "interest"),
    [
        (date(2026, 12, 15), date(2027, 1, 15), "300.00"),
        (date(2026, 11, 30), date(2027, 2, 28), "880.00"),
        (date(2026, 1, 15), date(2027, 1, 15), "3600.00"),
    ],
)
def test_months_of_thirty_days_go_on_over_the_new_year(disbursed_on: date, first_due_on: date, interest: str) -> None:
    terms = replace(
        BULLET,
        term=1,
        anchor_day=None,
        day_count=DayCount.THIRTY_E_360,
        disbursed_on=disbursed_on,
        first_due_on=first_due_on,
    )
    assert str(schedule(terms)[0].interest) == interest


@pytest.mark.parametrize(
    ("frequency", "interest", "second"),
    [
        (Frequency.MONTHLY, "9490.00", date(2026, 2, 5)),
        (Frequency.BIWEEKLY, "4380.00", date(2026, 1, 19)),
        (Frequency.WEEKLY, "2190.00", date(2026, 1, 12)),
        (Frequency.DAILY, "312.00", date(2026, 1, 6)),
    ],
)
def test_a_year_has_so_many_periods_and_the_next_is_due_a_period_later(
    frequency: Frequency, interest: str, second: date
) -> None:
    dated = replace(BULLET, disbursed_on=None, first_due_on=date(2026, 1, 5), anchor_day=None)
    rows = schedule(replace(dated, principal=Decimal(949_000), annual_rate=Decimal(12), frequency=frequency))
    assert [(str(row.interest), row.due_on) for row in rows[:2]] == [
        (interest, date(2026, 1, 5)),
        (interest, second),
    ]


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ((date(2026, 1, 31), None, None, Frequency.MONTHLY), (date(2026, 2, 28), 31)),
        ((date(2026, 1, 31), None, 15, Frequency.MONTHLY), (date(2026, 2, 15), 15)),
        ((date(2026, 1, 31), None, None, Frequency.WEEKLY), (date(2026, 2, 7), 31)),
        ((date(2026, 1, 31), date(2026, 3, 1), None, Frequency.MONTHLY), (date(2026, 3, 1), None)),
        ((None, None, 15, Frequency.MONTHLY), (None, 15)),
    ],
)
def test_where_nothing_else_is_agreed_the_first_is_due_a_period_after_the_money(
    given: tuple[Any, ...], completed: tuple[date | None, int | None]
) -> None:
    assert usual_dues(*given) == completed


def test_with_grace_only_interest_is_paid_at_first() -> None:
    rows = schedule(replace(PLAIN, term=14, principal_grace=2))
    assert [str(row.total) for row in rows[:3]] == ["10.00", "10.00", "88.85"]
    equal = replace(PLAIN, method=Method.EQUAL_PRINCIPAL, term=4, principal_grace=2)
    assert principals(equal) == ["0", "0", "500.00", "500.00"]
    assert principals(replace(equal, principal_grace=3)) == ["0", "0", "0", "1000"]


def test_a_semi_balloon_is_repaid_every_so_many_periods() -> None:
    semi = replace(PLAIN, principal=Decimal(900), method=Method.SEMI_BALLOON, term=6, principal_every=3)
    assert principals(semi) == ["0", "0", "450.00", "0", "0", "450.00"]
    assert principals(replace(semi, term=7, principal_grace=1)) == ["0", "0", "0", "450.00", "0", "0", "450.00"]


def test_an_annuity_with_a_residual_leaves_it_to_the_last_installment() -> None:
    rows = schedule(replace(PLAIN, method=Method.ANNUITY_RESIDUAL, residual=Decimal(400)))
    assert {str(row.total) for row in rows[:-1]} == {"57.31"}
    assert abs(rows[-1].total - Decimal("457.31")) < Decimal("0.1")
    free = replace(PLAIN, annual_rate=Decimal(0), method=Method.ANNUITY_RESIDUAL, residual=Decimal(400))
    assert principals(free) == ["50.00"] * 11 + ["450.00"]


@pytest.mark.parametrize(
    ("rounding", "first"),
    [
        (Rounding.HALF_UP, ["33.33", "66.67"]),
        (Rounding.CEILING, ["33.34", "66.67"]),
        (Rounding.FLOOR, ["33.33", "66.66"]),
    ],
)
def test_an_installment_is_rounded_as_agreed(rounding: Rounding, first: list[str]) -> None:
    equal = replace(PLAIN, method=Method.EQUAL_PRINCIPAL, term=3, installment_rounding=rounding)
    assert [principals(replace(equal, principal=Decimal(amount)))[0] for amount in (100, 200)] == first


def test_an_installment_that_would_not_pay_its_own_interest_is_refused() -> None:
    terms = Terms(Currency.KHR, Decimal(1_000), Decimal(60), 60, Frequency.MONTHLY, Method.ANNUITY)
    with pytest.raises(InstallmentBelowInterest, match="Installment 1 would not"):
        schedule(replace(terms, installment_rounding=Rounding.FLOOR))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"principal": Decimal(0)}, "Principal and term are above zero"),
        ({"principal": Decimal(-1)}, "Principal and term are above zero"),
        ({"term": 0}, "Principal and term are above zero"),
        ({"annual_rate": Decimal("-0.01")}, "the rate is not below it"),
        ({"principal_grace": 12}, "The grace on the principal is shorter"),
        ({"principal_grace": -1}, "The grace on the principal is shorter"),
        ({"principal_every": 0}, "The grace on the principal is shorter"),
        ({"residual": Decimal(1)}, "Only an annuity with a residual"),
        ({"method": Method.ANNUITY_RESIDUAL}, "The residual lies between"),
        ({"method": Method.ANNUITY_RESIDUAL, "residual": Decimal(1_000)}, "The residual lies between"),
        ({"anchor_day": 0}, "The anchor is a day of a month"),
        ({"anchor_day": 32}, "The anchor is a day of a month"),
        ({"day_count": DayCount.ACT_365}, "Counting days needs"),
        ({"day_count": DayCount.ACT_365, "disbursed_on": date(2026, 1, 1)}, "Counting days needs"),
        ({"day_count": DayCount.ACT_365, "first_due_on": date(2026, 1, 1)}, "Counting days needs"),
        ({"disbursed_on": date(2026, 1, 5), "first_due_on": date(2026, 1, 5)}, "is due after the disbursement"),
        (
            {
                "disbursed_on": date(2026, 1, 2),
                "first_due_on": date(2026, 1, 4),
                "business_day": BusinessDay.PRECEDING,
            },
            "Moved to a business day",
        ),
        ({"first_due_on": date(9999, 12, 1)}, "after the calendar ends"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(changes: dict[str, Any], said: str) -> None:
    schedule(PLAIN)
    with pytest.raises(ImpossibleTerms, match=said):
        schedule(replace(PLAIN, **changes))


def test_terms_at_the_edge_of_what_can_be_are_taken() -> None:
    for changes in (
        {"annual_rate": Decimal(0)},
        {"term": 1},
        {"principal_grace": 11},
        {"principal": Decimal("0.01"), "term": 1},
        {"anchor_day": 1, "first_due_on": date(2026, 1, 1)},
        {"anchor_day": 31, "first_due_on": date(2026, 1, 31)},
        {"disbursed_on": date(2026, 1, 5), "first_due_on": date(2026, 1, 6)},
        {"method": Method.ANNUITY_RESIDUAL, "residual": Decimal("999.99")},
    ):
        schedule(replace(PLAIN, **changes))
