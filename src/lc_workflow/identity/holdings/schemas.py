"""A person's roles and rights as requests."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

Why = Annotated[str, Meta(max_length=500)]


class RoleToGive(Struct, frozen=True, kw_only=True):
    """A further role for somebody; without `until` for good."""

    role_id: UUID
    until: datetime | None = None
    reason: Why | None = None


class RightToGive(Struct, frozen=True, kw_only=True):
    """A right to give somebody, or to deny them with `is_granted` false; without `until` for good."""

    permission_id: UUID
    is_granted: bool = True
    until: datetime | None = None
    reason: Why | None = None
