"""Sessions as answers."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class DeviceSession(Struct, frozen=True, kw_only=True):
    """One sign-in that still goes on: from where, since when, and until when it lasts without being used."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str | None
    device: str | None
    is_current: bool


class Ended(Struct, frozen=True):
    """How many sessions were ended."""

    count: int
