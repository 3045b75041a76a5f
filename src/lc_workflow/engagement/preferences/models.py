"""How people want to hear of things, as rows."""

from datetime import time
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.engagement.rules.quiet import MailFrequency, Quiet
from lc_workflow.platform.db.base import DatedRow
from lc_workflow.platform.db.types import choice


class NotificationPreference(DatedRow):
    """What one person chose; the maps say yes or no for types of notifications, an absent type means yes."""

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
        return quiet_hours(self)

    def mails(self, type_: str) -> bool:
        """Whether notifications of a type are sent by e-mail too."""
        return self.email_notifications.get(type_, True)


class Wish(Protocol):
    """How somebody wants to be notified in the app: a preference, or the columns of its row that say so.

    None everywhere for somebody who never chose.
    """

    in_app_notifications: Any
    is_quiet: Any
    quiet_from: Any
    quiet_until: Any


def quiet_hours(wish: Wish) -> Quiet | None:
    """The hours in which somebody is not disturbed."""
    if not wish.is_quiet:
        return None
    return Quiet(time.fromisoformat(wish.quiet_from), time.fromisoformat(wish.quiet_until))


def shows(wish: Wish, type_: str) -> bool:
    """Whether notifications of a type are shown in the app."""
    shown: bool = (wish.in_app_notifications or {}).get(type_, True)
    return shown
