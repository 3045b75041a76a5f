"""Facts that engagement announces."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPreferencesSet(Event):
    """Somebody said how they want to hear of things; `fields` names what."""

    subject: ClassVar[str] = "user"
    user_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(Event):
    """Somebody wrote to colleagues: `audience` says to whom, `recipients` to how many; the text is in their lists."""

    subject: ClassVar[str] = "message"
    message_id: UUID
    audience: str
    type: str
    priority: str
    title: str
    recipients: int
