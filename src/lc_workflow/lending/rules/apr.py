"""What a loan costs a year: the rate at which its installments are worth what the borrower received."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.rules.schedule import EXACT

_CLOSE: Final = Decimal("1e-30")
_STEPS: Final = 200


class NoRate(Invalid):
    """The payments have no yearly rate: nothing is received, or less is paid back than that."""


@dataclass(frozen=True, slots=True)
class YearlyCost:
    """The rates of one loan as parts of one, unrounded: of a period, of a year without and with compounding."""

    periodic: Decimal
    nominal: Decimal
    effective: Decimal


def yearly_cost(received: Decimal, payments: Sequence[Decimal], periods_per_year: int) -> YearlyCost:
    """The cost of receiving `received` and making one of `payments` at the end of each period; raises `NoRate`."""
    with localcontext(EXACT):
        periodic = _periodic(received, payments)
        return YearlyCost(periodic, periodic * periods_per_year, (1 + periodic) ** periods_per_year - 1)


def _periodic(received: Decimal, payments: Sequence[Decimal]) -> Decimal:
    """Newton's steps from zero; the worth is convex and falls with the rate, so that they never pass the root."""
    if received <= 0 or sum(payments) < received:
        raise NoRate("A yearly rate needs an amount received that the payments pay back.")
    rate = Decimal(0)
    for _ in range(_STEPS):
        discount = 1 / (1 + rate)
        worth = slope = Decimal(0)
        for payment in reversed(payments):
            slope = (slope + worth) * discount
            worth = (worth + payment) * discount
            slope += payment * discount
        step = (worth - received) / (slope * discount)
        rate += step
        if abs(step) < _CLOSE:
            return rate
    raise NoRate("The payments are too far from what is received to have a yearly rate.")
