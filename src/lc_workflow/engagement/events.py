"""Facts that engagement announces."""

from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


class NotificationPreferencesSet(Event, frozen=True, kw_only=True):
    """Somebody said how they want to hear of things; `fields` names what."""

    subject: ClassVar[str] = "user"
    user_id: UUID
    fields: tuple[str, ...]


class MessageSent(Event, frozen=True, kw_only=True):
    """Somebody wrote to colleagues: `audience` says to whom, `recipients` to how many; the text stays out."""

    subject: ClassVar[str] = "message"
    message_id: UUID
    audience: str
    type: str
    priority: str
    title: str
    recipients: int


class AboutWebhook(Event, frozen=True, kw_only=True):
    """A fact about one of the systems that are called."""

    subject: ClassVar[str] = "webhook"
    webhook_id: UUID


class WebhookRegistered(AboutWebhook, frozen=True, kw_only=True):
    """An address is called from now on."""

    url: str


class WebhookSecretRotated(AboutWebhook, frozen=True, kw_only=True):
    """Calls to an address are signed with a new secret."""


class WebhookRemoved(AboutWebhook, frozen=True, kw_only=True):
    """An address is called no more."""

    url: str


class WebhookReplayed(AboutWebhook, frozen=True, kw_only=True):
    """A call that was given up is tried again."""

    delivery_id: UUID
