"""Webhooks as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.platform.http.shapes import Line

Port = r"([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
Url = Annotated[str, Meta(max_length=2_000, pattern=rf'^https?://[A-Za-z0-9.-]+(:{Port})?(/[!"$-~]*)?$(?!\n)')]
"""An address without user, password and fragment."""


class NewWebhook(Struct, frozen=True, kw_only=True):
    """Whom to call, and for what: without `events`, for everything that is told."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "url": "https://partner.example/hook",
        "description": "The core banking system",
        "events": ["ApplicationMoved"],
    }

    url: Url
    description: Line | None = None
    events: Annotated[list[Annotated[str, Meta(max_length=80)]], Meta(max_length=50)] = []


class WebhookAnswer(Struct, frozen=True):
    """A webhook; its secret is only shown when it is made."""

    id: UUID
    url: str
    description: str | None
    events: list[str]
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(WebhookAnswer, frozen=True):
    """A webhook with its new secret, which is shown this once."""

    secret: str


class DeliveryAnswer(Struct, frozen=True):
    """One call: which fact it tells, and what became of it."""

    id: UUID
    event_id: UUID
    event: str
    application_id: UUID
    status: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None
    given_up_at: datetime | None
    last_status: int | None
    last_error: str | None


class WebhookRemoved(Struct, frozen=True):
    """A sentence about what was removed."""

    message: str
