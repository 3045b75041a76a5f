"""Exchange rates as requests and answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.money import Currency
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.shapes import Line, places

_LARGEST: Final = Decimal(1_000_000_000)
_FINEST: Final = 6
_Rate: TypeAlias = Annotated[Decimal, Meta(extra_json_schema={"exclusiveMinimum": 0, "maximum": float(_LARGEST)})]


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
    rate: _Rate
    base: Currency = Currency.USD
    valid_on: date | None = None
    source: Line | None = None

    def __post_init__(self) -> None:
        """Refuse rates that no column holds."""
        if not (self.rate.is_finite() and 0 < self.rate <= _LARGEST):
            raise cannot_take([FieldError("rate", f"must be a number above zero, up to {_LARGEST}")])
        if places(self.rate) > _FINEST:
            raise cannot_take([FieldError("rate", "must have at most six decimals")])


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
