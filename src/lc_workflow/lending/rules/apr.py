"""What a loan costs a year: the rate at which its installments are worth what the borrower received."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Final

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.rules.schedule import EXACT

DAYS_PER_YEAR: Final = 365
_CLOSE: Final = Decimal("1e-30")
_STEPS: Final = 200
_HIGHEST: Final = Decimal("1e9")


class NoRate(Invalid):
    """There is no yearly rate: nothing is received, less is paid back, or far too much."""


@dataclass(frozen=True, slots=True)
class YearlyCost:
    """The rates of one loan as fractions of one, unrounded: per period, per year without and with compounding."""

    periodic: Decimal
    nominal: Decimal
    effective: Decimal


def yearly_cost(received: Decimal, payments: Sequence[Decimal], periods_per_year: int) -> YearlyCost:
    """The cost of receiving `received` and making one of `payments` at the end of each period; raises `NoRate`."""
    with localcontext(EXACT):
        periodic = _rate(received, [(1, payment) for payment in payments])
        return _of_year(periodic, periodic * periods_per_year, (1 + periodic) ** periods_per_year - 1)


def dated_yearly_cost(
    received: Decimal, received_on: date, payments: Sequence[tuple[date, Decimal]], periods_per_year: int
) -> YearlyCost:
    """The cost of receiving `received` on a day and making payments on later ones, years counted as ACT/365 (XIRR).

    Time is counted in days, so that only whole powers of the daily rate occur; `payments` are sorted by day.

    Raises:
        NoRate: See there.
    """
    with localcontext(EXACT):
        days = [received_on, *(day for day, _ in payments)]
        gaps = [(after - before).days for before, after in pairwise(days)]
        daily = _rate(received, list(zip(gaps, (payment for _, payment in payments), strict=True)))
        effective = (1 + daily) ** DAYS_PER_YEAR - 1
        if effective > _HIGHEST:
            raise NoRate(_TOO_HIGH)
        periodic = (1 + effective) ** (Decimal(1) / periods_per_year) - 1
        return _of_year(periodic, periodic * periods_per_year, effective)


_TOO_HIGH: Final = "The borrower receives so little, or for so short a time, that no yearly rate can be told."


def _of_year(periodic: Decimal, nominal: Decimal, effective: Decimal) -> YearlyCost:
    if effective > _HIGHEST:
        raise NoRate(_TOO_HIGH)
    return YearlyCost(periodic, nominal, effective)


def _rate(received: Decimal, payments: Sequence[tuple[int, Decimal]]) -> Decimal:
    """The rate per unit of time; each payment comes a number of units after the previous one.

    Newton's method from zero: the present value is convex and falls with the rate, so the steps never pass the root.
    """
    if received <= 0 or sum(payment for _, payment in payments) < received:
        raise NoRate("A yearly rate needs an amount received that the payments pay back.")
    rate = Decimal(0)
    for _ in range(_STEPS):
        discount = 1 / (1 + rate)
        worth, slope = _worth(reversed(payments), discount)
        step = (worth - received) / (slope * discount)
        rate += step
        if abs(step) < _CLOSE:
            return rate
    raise NoRate("The payments are too far from what is received to have a yearly rate.")


def _worth(payments: Iterable[tuple[int, Decimal]], discount: Decimal) -> tuple[Decimal, Decimal]:
    """The present value of payments, the last first, and the same weighted with their times."""
    worth = slope = Decimal(0)
    for gap, payment in payments:
        worth += payment
        power = discount if gap == 1 else discount**gap
        slope = (slope + gap * worth) * power
        worth *= power
    return worth, slope
