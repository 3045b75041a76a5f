"""The exchange rate for comparing amounts in riel and in dollars."""

from decimal import Decimal
from typing import Final

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.money import Currency

KHR_PER_USD: Final = "khr_per_usd"
"""The setting that says how many riel make a dollar where no exchange rate of the day is on record."""

USUAL_RATE: Final = Decimal(4_100)
"""Riel per dollar when the setting makes no sense."""

FINEST: Final = Decimal("0.0001")
"""Rates are stored no finer than this."""

LEAST: Final = Decimal(1_000)
MOST: Final = Decimal(100_000)


class UnlikelyRate(Invalid):
    """A rate that nobody can mean; used as the day's rate, it would falsify every comparison."""


def check_rate(base: Currency, rate: Decimal) -> None:
    """Refuse an impossible rate: how many riel a dollar is, or with riel as base, how many dollars a riel.

    Raises:
        UnlikelyRate: The comma was forgotten, or the two currencies were mixed up.
    """
    khr_per_usd = rate if base is Currency.USD else 1 / rate
    if not LEAST <= khr_per_usd <= MOST:
        raise UnlikelyRate(
            f"A dollar is worth {LEAST:f} to {MOST:f} riel, and at this rate {khr_per_usd:.6g}; look at it again.",
            errors=(FieldError("rate", "is not what these currencies are worth"),),
        )


def rate_of(setting: object) -> Decimal:
    """How many riel make a dollar; a nonsensical setting is replaced by the usual rate."""
    if isinstance(setting, int | Decimal) and not isinstance(setting, bool):
        rate = Decimal(setting)
        if rate.is_finite() and LEAST <= rate <= MOST:
            return rate.quantize(FINEST)
    return USUAL_RATE
