"""How people want to hear of things, as rows."""

from datetime import time
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.engagement.rules.quiet import MailFrequency, Quiet
from lc_workflow.platform.db.base import DatedRow
from lc_workflow.platform.db.types import choice


class NotificationPreference(DatedRow):
    """What one person chose; the maps hold a yes or a no for types of notifications, and what is absent is a yes."""

    __tablename__ = "notification_preferences"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    email_notifications: Mapped[dict[str, bool]] = mapped_column(JSONB)
    in_app_notifications: Mapped[dict[str, bool]] = mapped_column(JSONB)
    notification_frequency: Mapped[MailFrequency] = mapped_column(choice(MailFrequency))
    is_quiet: Mapped[bool]
    quiet_from: Mapped[str] = mapped_column(String(5))
    quiet_until: Mapped[str] = mapped_column(String(5))

    @property
    def quiet(self) -> Quiet | None:
        """The hours in which the person is not disturbed."""
        return (
            Quiet(time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_until)) if self.is_quiet else None
        )

    def shows(self, type_: str) -> bool:
        """Whether notifications of a type are shown in the app."""
        return self.in_app_notifications.get(type_, True)

    def mails(self, type_: str) -> bool:
        """Whether notifications of a type are sent by e-mail too."""
        return self.email_notifications.get(type_, True)
