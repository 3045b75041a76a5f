"""The rate at which amounts in riel and in dollars are compared."""

from decimal import Decimal
from typing import Final

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.money import Currency

KHR_PER_USD: Final = "khr_per_usd"
"""The setting that says how many riel make a dollar where no exchange rate of the day is on record."""

USUAL_RATE: Final = Decimal(4_100)
"""Riel for a dollar when the setting says nothing that makes sense."""

FINEST: Final = Decimal("0.0001")
"""Finer than this no rate is kept."""

LEAST: Final = Decimal(1_000)
MOST: Final = Decimal(100_000)


class UnlikelyRate(Invalid):
    """A rate that nobody can mean; taken for the day's, it would make every comparison wrong by as much."""


def check_rate(base: Currency, rate: Decimal) -> None:
    """Let a rate be written down: how many riel a dollar is, or where riel are the base, how many dollars a riel.

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
    """Read how many riel make a dollar; a setting that is no such number is taken as the usual one."""
    if isinstance(setting, int | Decimal) and not isinstance(setting, bool):
        rate = Decimal(setting)
        if rate.is_finite() and LEAST <= rate <= MOST:
            return rate.quantize(FINEST)
    return USUAL_RATE
