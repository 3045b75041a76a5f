"""Exchange rates as rows."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.kernel.money import Currency
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class ExchangeRate(Row):
    """How many units of `currency` one unit of `base` is from a day on.

    Rows are never changed: a correction for the same day is a later row, and the latest counts.
    """

    __tablename__ = "exchange_rates"
    __table_args__ = (
        Index(
            "ix_exchange_rates_base_currency_valid_on", "base", "currency", text("valid_on DESC"), text("number DESC")
        ),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    base: Mapped[Currency] = mapped_column(choice(Currency))
    currency: Mapped[Currency] = mapped_column(choice(Currency))
    rate: Mapped[Decimal] = mapped_column(Numeric(18, 6))
    valid_on: Mapped[date]
    source: Mapped[str | None] = mapped_column(String(200))
    set_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]
