"""Untold facts as answers."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class UntoldAnswer(Struct, frozen=True):
    """A fact that waits to be told: how often it was tried, when it is due again, or since when it is given up."""

    id: UUID
    number: int
    kind: str
    subject: str
    subject_id: UUID
    at: datetime
    attempts: int
    due_at: datetime | None
    given_up_at: datetime | None


class Replayed(Struct, frozen=True):
    """How many facts are told again."""

    count: int
