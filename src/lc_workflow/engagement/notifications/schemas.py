"""Notifications as answers, and as messages of the live socket."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType


class NotificationAnswer(Struct, frozen=True):
    """A notification; `data` names the application and carries the words in Khmer."""

    id: UUID
    type: str
    title: str
    message: str
    priority: str
    is_read: bool
    is_dismissed: bool
    created_at: datetime
    data: dict[str, Any]


class NotificationSummary(Struct, frozen=True):
    """What a person was told in the last `period_days`, without what they dismissed; the newest come first."""

    period_days: int
    total_notifications: int
    unread_count: int
    by_type: dict[str, int]
    by_priority: dict[str, int]
    recent_notifications: list[NotificationAnswer]
    generated_at: datetime


class Count(Struct, frozen=True):
    """How many were changed."""

    count: int


class Sender(Struct, frozen=True):
    """Whose act a live message tells of."""

    id: UUID
    name: str
    role: str


class LiveNotification(Struct, frozen=True):
    """A notification as the live socket sends it; `pattern` is the one it was broadcast to, where there was one."""

    id: UUID
    title: str
    message: str
    data: dict[str, Any]
    priority: str
    timestamp: datetime
    sender: Sender | None
    pattern: str | UnsetType = UNSET
    type: Literal["notification"] = "notification"
