"""Legal profiles, and which one applies, as rows."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.jurisdiction import Profile
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import PERCENT


class JurisdictionProfile(DatedRow):
    """The law of one place from `valid_from` on; it applies once it is confirmed, and never changes from then on.

    `rate_ceiling` is in percent a year; `fees_count` says whether it also covers fees.
    """

    __tablename__ = "jurisdiction_profiles"
    __table_args__ = (Index("ix_jurisdiction_profiles_code_valid_from", "code", "valid_from"),)

    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date]
    rate_ceiling: Mapped[Decimal | None] = mapped_column(PERCENT)
    flat_allowed: Mapped[bool] = mapped_column(default=True)
    fees_count: Mapped[bool] = mapped_column(default=False)
    prohibited_collateral: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    source: Mapped[str | None]
    written_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))

    @property
    def profile(self) -> Profile:
        """The profile as the rules know it."""
        return Profile(
            self.code,
            self.rate_ceiling,
            self.flat_allowed,
            self.fees_count,
            frozenset(self.prohibited_collateral),
        )


class JurisdictionUse(Row):
    """From when on which law was followed; the latest row counts, earlier ones are history."""

    __tablename__ = "jurisdiction_uses"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    code: Mapped[str] = mapped_column(String(20))
    used_from: Mapped[datetime]
    chosen_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
