"""Security as requests and answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.platform.http.shapes import Note


class Severity(StrEnum):
    """How soon somebody should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Alert(Struct, frozen=True, kw_only=True):
    """Something that whoever sees to security should know; each is a fact of the journal, or a refusal."""

    id: UUID
    type: str
    severity: Severity
    title: str
    description: str
    at: datetime
    user_id: UUID | None
    username: str | None
    actor_id: UUID | None
    address: str | None
    session_id: UUID | None
    request_id: str | None
    application_id: UUID | None = None


class NewBlock(Struct, frozen=True, kw_only=True):
    """An address or a network to shut out: for so many minutes, or for good."""

    EXAMPLE: ClassVar[dict[str, object]] = {"address": "203.0.113.7", "reason": "Guesses passwords", "minutes": 60}

    address: Annotated[str, Meta(min_length=2, max_length=60)]
    reason: Note | None = None
    minutes: Annotated[int, Meta(ge=1, le=525_600)] | None = None


class BlockAnswer(Struct, frozen=True, kw_only=True):
    """An address or a network that is shut out."""

    id: UUID
    address: str
    reason: str | None
    created_by: UUID
    created_at: datetime
    until: datetime | None
