"""What a product allows a loan to be, bounds included."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.products import (
    Conditions,
    FeeKind,
    FeeRule,
    Limits,
    Offered,
    ProductIncomplete,
    check_conditions,
    fees_of,
    installments_in,
    refusals,
)
from lc_workflow.lending.rules.quoting import Fee, FeeTiming
from lc_workflow.lending.rules.schedule import Frequency, Method, Rounding

USD = Limits(Currency.USD, Decimal(100), Decimal(5000), 3, 24, guarantor_from=Decimal(1000))
LOAN = Conditions((USD,), (Frequency.MONTHLY,), (Method.ANNUITY,), Decimal(12), Decimal(18), Decimal(18))
ASKED = Offered(Currency.USD, Decimal(500), 12, Decimal(18))


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"amount": Decimal(100)}, []),
        ({"amount": Decimal("99.99")}, ["AmountOutsideProduct"]),
        ({"amount": Decimal(5000), "has_guarantor": True}, []),
        ({"amount": Decimal(1000)}, ["GuarantorNeeded"]),
        ({"months": 2}, ["TermOutsideProduct"]),
        ({"months": 24}, []),
        ({"rate": Decimal("18.01")}, ["RateOutsideProduct"]),
        ({"currency": Currency.KHR}, ["CurrencyNotOffered"]),
        ({"months": 3}, []),
        ({"months": 25}, ["TermOutsideProduct"]),
        ({"rate": Decimal(12)}, []),
        ({"rate": Decimal("11.99")}, ["RateOutsideProduct"]),
        ({"amount": Decimal("999.99")}, []),
        ({"amount": None, "months": None, "rate": None}, []),
    ],
)
def test_a_loan_keeps_to_its_product(changes: dict[str, Any], codes: list[str]) -> None:
    assert [refusal.code for refusal in refusals(LOAN, replace(ASKED, **changes))] == codes


def test_collateral_is_asked_for_from_an_amount_on() -> None:
    secured = replace(LOAN, limits=(replace(USD, guarantor_from=None, collateral_from=Decimal(500)),))
    assert [refusal.code for refusal in refusals(secured, ASKED)] == ["CollateralNeeded"]
    assert refusals(secured, replace(ASKED, has_collateral=True)) == ()
    assert refusals(secured, replace(ASKED, amount=Decimal("499.99"))) == ()


def test_a_product_may_be_as_narrow_as_one_amount_one_term_and_one_rate() -> None:
    one = replace(USD, amount_min=Decimal("0.01"), amount_max=Decimal("0.01"), term_min=1, term_max=1)
    check_conditions(replace(LOAN, limits=(one,), rate_min=Decimal(18), fees=()))


def test_a_product_whose_fees_leave_nothing_of_its_smallest_loan_is_not_offered() -> None:
    fixed = FeeRule("bureau", FeeKind.FIXED, Decimal(5), FeeTiming.PAID, Currency.USD)
    percentage = FeeRule("processing", FeeKind.PERCENT, Decimal(50), FeeTiming.DEDUCTED)
    later = FeeRule("insurance", FeeKind.PERCENT, Decimal(90), FeeTiming.FINANCED)

    def from_on(amount: str) -> Conditions:
        line = replace(USD, amount_min=Decimal(amount), guarantor_from=None, collateral_from=None)
        return replace(LOAN, limits=(line,), fees=(fixed, percentage, later))

    check_conditions(from_on("10.02"))
    with pytest.raises(ProductIncomplete, match="leave nothing of the smallest loan in USD"):
        check_conditions(from_on("10"))


@pytest.mark.parametrize(
    "changes",
    [
        {"limits": ()},
        {"methods": ()},
        {"frequencies": ()},
        {"limits": (replace(USD, term_min=0),)},
        {"limits": (replace(USD, term_max=2),)},
        {"rate_default": Decimal("11.99")},
        {"limits": (USD, USD)},
        {"limits": (replace(USD, amount_max=Decimal(99)),)},
        {"limits": (replace(USD, amount_min=Decimal(0)),)},
        {"rate_default": Decimal(19)},
        {"interest_rounding": Rounding.CEILING},
        {"fees": (FeeRule("x", FeeKind.FIXED, Decimal(1), FeeTiming.PAID),)},
        {"fees": (FeeRule("x", FeeKind.PERCENT, Decimal(1), FeeTiming.PAID, Currency.USD),)},
        {"fees": (FeeRule("x", FeeKind.PERCENT, Decimal(1), FeeTiming.PAID),) * 2},
    ],
)
def test_a_product_that_contradicts_itself_is_not_offered(changes: dict[str, Any]) -> None:
    check_conditions(LOAN)
    with pytest.raises(ProductIncomplete):
        check_conditions(replace(LOAN, **changes))


@pytest.mark.parametrize(
    ("months", "frequency", "installments"),
    [
        (12, Frequency.MONTHLY, 12),
        (1, Frequency.MONTHLY, 1),
        (6, Frequency.WEEKLY, 26),
        (1, Frequency.WEEKLY, 4),
        (3, Frequency.BIWEEKLY, 7),
        (12, Frequency.DAILY, 365),
        (2, Frequency.DAILY, 61),
    ],
)
def test_a_term_in_months_has_its_installments(months: int, frequency: Frequency, installments: int) -> None:
    assert installments_in(months, frequency) == installments


def test_fees_are_reckoned_in_the_coins_of_the_loan() -> None:
    rules = (
        FeeRule("processing", FeeKind.PERCENT, Decimal(2), FeeTiming.DEDUCTED),
        FeeRule("bureau", FeeKind.FIXED, Decimal(5), FeeTiming.PAID, Currency.USD),
        FeeRule("bureau", FeeKind.FIXED, Decimal(20000), FeeTiming.PAID, Currency.KHR),
    )
    assert fees_of(rules, Decimal("333.33"), Currency.USD) == (
        Fee("processing", Decimal("6.67"), FeeTiming.DEDUCTED),
        Fee("bureau", Decimal(5), FeeTiming.PAID),
    )
    assert [fee.amount for fee in fees_of(rules, Decimal(4_012_300), Currency.KHR)] == [80200, 20000]
