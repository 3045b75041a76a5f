"""The currencies amounts are in."""

from enum import StrEnum


class Currency(StrEnum):
    """The currencies a branch lends in (ISO 4217)."""

    USD = "USD"
    KHR = "KHR"
