"""The approval of applications as rows: the case of a cycle, its decisions, their conditions."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.deliberation import Decision
from lc_workflow.lending.rules.loan_terms import LoanTerms
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import AMOUNT, PERCENT, choice


class ApprovalCase(Row):
    """What one cycle of an application is decided by: its matrix, the exchange rate, and the terms on offer.

    `path` holds the stages with the figures they were found by, as `schemas.StoredPath` reads them; `material_changes`
    is the application's count of changes at which the terms and the path were set. The amount is in the application's
    currency, the term in months, the rate in percent per year.
    """

    __tablename__ = "approval_cases"
    __table_args__ = (UniqueConstraint("application_id", "cycle"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    matrix_id: Mapped[UUID] = mapped_column(ForeignKey("approval_matrices.id"))
    khr_per_usd: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    material_changes: Mapped[int]
    amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    term: Mapped[int | None]
    interest_rate: Mapped[Decimal | None] = mapped_column(PERCENT)
    path: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    opened_at: Mapped[datetime]

    @property
    def offered(self) -> LoanTerms:
        """The terms on offer."""
        return LoanTerms(amount=self.amount, term=self.term, interest_rate=self.interest_rate)

    def offer(self, terms: LoanTerms) -> None:
        """Offer other terms."""
        self.amount, self.term, self.interest_rate = terms.amount, terms.term, terms.interest_rate


class ApplicationDecision(Row):
    """What somebody decided at a stage, on which terms, and what they saw; a void one no longer counts.

    `quote_hash` is the fingerprint of the quote on these terms, None where no quote can be calculated; a counter-offer
    gets its own. `snapshot` is what was seen and `snapshot_sha256` its fingerprint, so that neither can be changed
    unnoticed.
    """

    __tablename__ = "application_decisions"
    __table_args__ = (
        Index("ix_application_decisions_application_id_number", "application_id", "number"),
        Index("ix_application_decisions_case_id", "case_id"),
        Index("ix_application_decisions_at", "at"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("approval_cases.id", ondelete="CASCADE"))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    stage: Mapped[str] = mapped_column(String(20))
    decision: Mapped[Decision] = mapped_column(choice(Decision))
    actor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    on_behalf_of: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    term: Mapped[int | None]
    interest_rate: Mapped[Decimal | None] = mapped_column(PERCENT)
    quote_hash: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None]
    comment: Mapped[str | None]
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    snapshot_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    voided_at: Mapped[datetime | None]
    voided_because: Mapped[str | None] = mapped_column(String(200))


class ApprovalCondition(Row):
    """Something that has to be done before an approved loan is paid out."""

    __tablename__ = "approval_conditions"
    __table_args__ = (Index("ix_approval_conditions_application_id", "application_id"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("application_decisions.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    text: Mapped[str]
    created_at: Mapped[datetime]
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]
    closing_note: Mapped[str | None]
