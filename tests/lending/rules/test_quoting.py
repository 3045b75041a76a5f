"""What quotes say: fees in each of their ways, warnings, and a hash that means the same."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.apr import NoRate
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.jurisdiction import Profile
from lc_workflow.lending.rules.quoting import (
    Fee,
    FeesExhaustPrincipal,
    FeeTiming,
    balloons,
    held_to_the_law,
    payable,
    percent,
    quote,
    warnings_under,
)
from lc_workflow.lending.rules.schedule import Frequency, Installment, Method, NotAMultipleOfTheQuantum, Terms

S01 = Terms(Currency.USD, Decimal("1000.00"), Decimal(18), 12, Frequency.MONTHLY, Method.ANNUITY)
KH = Profile("KH", Decimal(18), flat_allowed=False)
FEES = (Fee("processing", Decimal(20), FeeTiming.DEDUCTED), Fee("bureau", Decimal(5), FeeTiming.DEDUCTED))


@pytest.mark.parametrize("timing", [FeeTiming.DEDUCTED, FeeTiming.PAID])
def test_a_fee_lowers_what_is_received_however_it_is_handed_over(timing: FeeTiming) -> None:
    told = quote(S01, [replace(fee, timing=timing) for fee in FEES])
    assert (percent(told.cost.nominal), percent(told.cost.effective)) == (Decimal("22.9024"), Decimal("25.4662"))
    assert percent(told.interest_alone.nominal) == Decimal("17.9968")
    assert (told.interest, told.fee_total, told.total) == (Decimal("100.14"), Decimal(25), Decimal("1125.14"))


def test_a_financed_fee_is_repaid_with_interest() -> None:
    told = quote(S01, [Fee("insurance", Decimal(50), FeeTiming.FINANCED)])
    assert sum(row.principal for row in told.installments) == 1050
    assert told.principal == 1000
    assert told.total == sum(row.total for row in told.installments)
    assert told.cost.nominal > told.interest_alone.nominal


def test_fees_are_paid_in_coins_there_are() -> None:
    with pytest.raises(NotAMultipleOfTheQuantum):
        quote(S01, [Fee("processing", Decimal("0.001"), FeeTiming.PAID)])


def test_fees_that_leave_nothing_are_refused() -> None:
    with pytest.raises(FeesExhaustPrincipal):
        quote(S01, [Fee("processing", Decimal(1000), FeeTiming.DEDUCTED)])


def test_fees_that_leave_next_to_nothing_have_no_rate_one_could_tell() -> None:
    daily = replace(S01, frequency=Frequency.DAILY, term=2)
    with pytest.raises(NoRate):
        quote(daily, [Fee("processing", Decimal("999.99"), FeeTiming.DEDUCTED)])
    dated = replace(daily, disbursed_on=date(2026, 1, 1), first_due_on=date(2026, 1, 2))
    with pytest.raises(NoRate):
        quote(dated, [Fee("processing", Decimal("999.99"), FeeTiming.DEDUCTED)])


def test_fees_above_the_ceiling_are_worth_a_warning_where_they_do_not_count() -> None:
    told = quote(S01, FEES)
    assert held_to_the_law(told, KH) == ()
    assert [warning.code for warning in warnings_under(told, KH)] == ["AprWithFeesAboveCap"]
    assert warnings_under(told, Profile("NONE")) == ()


def test_a_loan_without_fees_is_not_said_to_have_any() -> None:
    weekly = replace(S01, currency=Currency.KHR, principal=Decimal(1_000_000), term=26, frequency=Frequency.WEEKLY)
    told = quote(weekly)
    assert told.offer().rate_with_fees > 18, "rounding to 100 riel alone lifts it"
    assert warnings_under(told, KH) == ()
    assert [
        warning.code for warning in warnings_under(quote(weekly, [Fee("p", Decimal(100), FeeTiming.PAID)]), KH)
    ] == ["AprWithFeesAboveCap"]


def test_a_flat_loan_is_seen_through() -> None:
    told = quote(replace(S01, method=Method.FLAT, annual_rate=Decimal("14.4")))
    assert [refusal.code for refusal in held_to_the_law(told, KH)] == ["FlatMethodProhibited", "RateCapExceeded"]


def test_a_balloon_and_days_that_fall_together_are_pointed_out() -> None:
    assert [warning.code for warning in quote(replace(S01, method=Method.BALLOON)).warnings] == [
        "BalloonSourceRequired"
    ]
    daily = replace(
        S01,
        frequency=Frequency.DAILY,
        first_due_on=date(2026, 11, 27),
        business_day=BusinessDay.FOLLOWING,
    )
    assert [warning.code for warning in quote(daily).warnings] == ["InstallmentsShareADay"]


def test_the_same_loan_has_the_same_hash_however_its_numbers_are_written() -> None:
    told = quote(S01, FEES)
    assert told.hash == quote(replace(S01, principal=Decimal(1000), annual_rate=Decimal("18.0")), FEES).hash
    others = [
        quote(S01),
        quote(replace(S01, annual_rate=Decimal("17.9")), FEES),
        quote(replace(S01, holidays=frozenset({date(2026, 1, 1)})), FEES),
    ]
    assert len({told.hash, *(other.hash for other in others)}) == 4
    assert told.hash != replace(told, fees=FEES[:1]).hash
    assert told.hash != replace(told, installments=told.installments[:-1]).hash
    assert told.hash != replace(told, cost=told.interest_alone).hash


def test_an_installment_is_a_balloon_above_twice_the_usual() -> None:
    def rows(*totals: str) -> list[Installment]:
        return [Installment(n, None, Decimal(total), Decimal(0), Decimal(0)) for n, total in enumerate(totals, 1)]

    assert balloons(rows("10", "10", "10", "20")) == ()
    assert balloons(rows("10", "10", "10", "20.01")) == (4,)
    assert balloons([]) == ()


def test_amounts_are_told_with_the_decimals_of_their_currency() -> None:
    assert str(payable(Decimal("12.5"), S01)) == "12.50"
    assert str(payable(Decimal("4E+6"), replace(S01, currency=Currency.KHR))) == "4000000"


def test_a_yearly_cost_is_dated_when_both_days_are_known() -> None:
    dated = replace(S01, disbursed_on=date(2026, 1, 1), first_due_on=date(2026, 4, 1))
    assert percent(quote(dated).cost.effective) < percent(quote(S01).cost.effective), "three months for nothing"
    assert quote(replace(S01, first_due_on=date(2026, 4, 1))).cost == quote(S01).cost
