"""Financial lines, the house's policy, and what was found, as rows."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, SmallInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.affordability import AffordabilityVerdict, Kind, Party, Policy, Rhythm
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import AMOUNT, choice


class FinancialLine(DatedRow):
    """One income, expense or debt of somebody behind an application; an unknown amount is null, never zero."""

    __tablename__ = "financial_lines"
    __table_args__ = (Index("ix_financial_lines_application_id_position", "application_id", "position"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    party: Mapped[Party] = mapped_column(choice(Party))
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    description: Mapped[str | None] = mapped_column(String(200))
    amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    currency: Mapped[Currency] = mapped_column(choice(Currency))
    frequency: Mapped[Rhythm] = mapped_column(choice(Rhythm))
    verified_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))


class AssessmentPolicy(Row):
    """The house's limits from a moment on; the latest row counts, earlier ones are history."""

    __tablename__ = "assessment_policies"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    set_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]

    @property
    def policy(self) -> Policy:
        """The limits that the rules know."""
        return msgspec.convert(self.document, Policy)


class Affordability(Row):
    """What was found about one application at a moment, with everything it was found from; never changed afterwards.

    `dti` is the exact fraction as text, null when it is unknown. `material_changes` is the application's count of
    material changes at that time: when it has grown since, this is outdated.
    """

    __tablename__ = "affordability_assessments"
    __table_args__ = (Index("ix_affordability_assessments_application_id_number", "application_id", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    verdict: Mapped[AffordabilityVerdict] = mapped_column(choice(AffordabilityVerdict))
    dti: Mapped[str | None]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    material_changes: Mapped[int]
    assessed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    assessed_at: Mapped[datetime]
