"""Currencies, and the smallest step an amount in them can take."""

from decimal import Decimal
from enum import StrEnum


class Currency(StrEnum):
    """The currencies a branch lends in (ISO 4217)."""

    USD = "USD"
    KHR = "KHR"


QUANTUM = {Currency.USD: Decimal("0.01"), Currency.KHR: Decimal(100)}
"""The smallest step of an amount: a cent, and a hundred riel – the smallest note in use."""


def is_whole(amount: Decimal, currency: Currency) -> bool:
    """Whether the amount is a multiple of the currency's smallest step."""
    return amount % QUANTUM[currency] == 0
