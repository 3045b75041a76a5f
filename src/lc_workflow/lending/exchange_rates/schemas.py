"""Exchange rates as requests and answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from msgspec import Struct

from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.money import Currency
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.shapes import Line

_LARGEST: Final = Decimal(1_000_000_000)
_FINEST: Final = -6


class NewRate(Struct, frozen=True, kw_only=True):
    """A rate: how many units of `currency` one unit of `base` is from `valid_on` on, from today when left out."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "currency": "KHR",
        "rate": 4065,
        "base": "USD",
        "valid_on": "2026-11-24",
        "source": "National Bank of Cambodia",
    }

    currency: Currency
    rate: Decimal
    base: Currency = Currency.USD
    valid_on: date | None = None
    source: Line | None = None

    def __post_init__(self) -> None:
        """Refuse rates that no column holds."""
        exponent = self.rate.normalize().as_tuple().exponent if self.rate.is_finite() else "n"
        if not isinstance(exponent, int) or not 0 < self.rate <= _LARGEST or exponent < _FINEST:
            raise cannot_take([FieldError("rate", "must be a number above zero with at most six decimals")])


class RateAnswer(Struct, frozen=True):
    """A rate, and who wrote it down."""

    id: UUID
    base: Currency
    currency: Currency
    rate: Decimal
    valid_on: date
    source: str | None
    set_by: UUID
    set_at: datetime
