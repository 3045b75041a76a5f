"""Notifications as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row


class Notification(Row):
    """One fact told to one person, once: `event_id` is the journal entry it came from.

    While `email_due_at` is set, it is still to be looked at for an e-mail.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("event_id", "user_id"),
        Index("ix_notifications_user_id_created_at", "user_id", "created_at"),
        Index("ix_notifications_email_due_at", "email_due_at", postgresql_where=text("email_due_at IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    message: Mapped[str]
    priority: Mapped[str] = mapped_column(String(20))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    email_due_at: Mapped[datetime | None]
    emailed_at: Mapped[datetime | None]
    email_attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))

    @property
    def is_read(self) -> bool:
        """Whether its person has read it."""
        return self.read_at is not None

    @property
    def is_dismissed(self) -> bool:
        """Whether its person does not want to see it any more."""
        return self.dismissed_at is not None
