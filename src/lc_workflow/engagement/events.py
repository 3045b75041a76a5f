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


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutWebhook(Event):
    """A fact about one of the systems that are called."""

    subject: ClassVar[str] = "webhook"
    webhook_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRegistered(AboutWebhook):
    """An address is called from now on."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecretRotated(AboutWebhook):
    """Calls to an address are signed with a new secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRemoved(AboutWebhook):
    """An address is called no more."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReplayed(AboutWebhook):
    """A call that was given up is tried again."""

    delivery_id: UUID
