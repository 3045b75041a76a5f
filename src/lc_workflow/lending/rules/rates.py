"""The rate at which amounts in riel and in dollars are compared."""

from decimal import Decimal
from typing import Final

KHR_PER_USD: Final = "khr_per_usd"
"""The setting that says how many riel make a dollar where no exchange rate of the day is on record."""

USUAL_RATE: Final = Decimal(4_100)
"""Riel for a dollar when the setting says nothing that makes sense."""

FINEST: Final = Decimal("0.0001")
"""Finer than this no rate is kept."""

LEAST: Final = Decimal(1_000)
MOST: Final = Decimal(100_000)


def rate_of(setting: object) -> Decimal:
    """Read how many riel make a dollar; a setting that is no such number is taken as the usual one."""
    if isinstance(setting, int | Decimal) and not isinstance(setting, bool):
        rate = Decimal(setting)
        if rate.is_finite() and LEAST <= rate <= MOST:
            return rate.quantize(FINEST)
    return USUAL_RATE
