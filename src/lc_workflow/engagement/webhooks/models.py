"""The systems that are called, and the calls, as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.security.columns import Sealed


class Webhook(DatedRow):
    """An address of another system that is called when something happens; without `events`, for all of them.

    Until `previous_secret_until`, calls are also signed with the previous secret.
    """

    __tablename__ = "webhooks"

    url: Mapped[str] = mapped_column(String(2_000))
    description: Mapped[str | None] = mapped_column(String(200))
    events: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    secret: Mapped[str] = mapped_column(Sealed("webhooks.secret"))
    previous_secret: Mapped[str | None] = mapped_column(Sealed("webhooks.previous_secret"))
    previous_secret_until: Mapped[datetime | None]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))

    def secrets_at(self, moment: datetime) -> list[str]:
        """The secrets for signing calls at a moment."""
        if self.previous_secret and self.previous_secret_until and self.previous_secret_until > moment:
            return [self.secret, self.previous_secret]
        return [self.secret]


class WebhookDelivery(Row):
    """One fact for one address: waiting while `due_at` says when, then delivered or given up."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index(
            "ix_webhook_deliveries_waiting",
            "webhook_id",
            "application_id",
            "number",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_webhook_deliveries_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_webhook_deliveries_webhook_id_number", "webhook_id", "number"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    event: Mapped[str] = mapped_column(String(80))
    application_id: Mapped[UUID]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger)
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    last_status: Mapped[int | None] = mapped_column(SmallInteger)
    last_error: Mapped[str | None] = mapped_column(String(300))

    @property
    def status(self) -> str:
        """Where it stands: `waiting`, `delivered` or `given_up`."""
        return "delivered" if self.delivered_at else "given_up" if self.given_up_at else "waiting"
