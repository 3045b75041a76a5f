"""Requests to pay loans out, as rows."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.disbursement import DisbursementStatus, Fate, Payment
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import AMOUNT, choice


class DisbursementRequest(Row):
    """One request to pay an approved loan out; at most one request of an application has not failed.

    `amount` is what the borrower is paid: the principal less the fees that are kept back. Payers know an order by its
    `order_key`; older orders without one by the application's id. `refused_at` is when the payer finally refused the
    order.
    """

    __tablename__ = "disbursement_requests"
    __table_args__ = (
        Index(
            "uq_disbursement_requests_application_id_standing",
            "application_id",
            unique=True,
            postgresql_where=text("status <> 'failed'"),
        ),
        Index("ix_disbursement_requests_application_id", "application_id"),
        Index("ix_disbursement_requests_status_requested_at", "status", "requested_at"),
        Index("ix_disbursement_requests_paid", "closed_at", postgresql_where=text("status = 'confirmed'")),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id"))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[DisbursementStatus] = mapped_column(choice(DisbursementStatus))
    amount: Mapped[Decimal] = mapped_column(AMOUNT)
    deducted_fees: Mapped[Decimal] = mapped_column(AMOUNT, server_default=text("0"))
    currency: Mapped[Currency] = mapped_column(choice(Currency))
    account_id: Mapped[str] = mapped_column(String(40))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    last_error: Mapped[str | None]
    connector: Mapped[str | None] = mapped_column(String(20))
    handed_over_at: Mapped[datetime | None]
    order_key: Mapped[UUID | None]
    refused_at: Mapped[datetime | None]
    external_reference: Mapped[str | None] = mapped_column(String(200))
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]
    paid_on: Mapped[date | None]
    reference: Mapped[str | None] = mapped_column(String(200))
    failure_reason: Mapped[str | None]

    @property
    def principal(self) -> Decimal:
        """What was approved, and is lent."""
        return self.amount + self.deducted_fees

    @property
    def payment(self) -> Payment:
        """The amounts that were asked for."""
        return Payment(self.principal, self.deducted_fees)

    @property
    def key(self) -> UUID:
        """The key by which the payer knows the order."""
        return self.order_key or self.application_id

    @property
    def fate(self) -> Fate:
        """What was known of the order when it was marked as failed."""
        for answered_at, fate in ((self.handed_over_at, Fate.TAKEN), (self.refused_at, Fate.REFUSED)):
            if answered_at is not None:
                return fate if self.closed_at is not None and answered_at <= self.closed_at else Fate.UNSEEN
        return Fate.UNSEEN
