"""A person's roles and rights as requests."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

Why = Annotated[str, Meta(max_length=500)]


class RoleToGive(Struct, frozen=True, kw_only=True):
    """A further role for somebody; without `until` for good."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "role_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "until": "2027-01-31T17:00:00+07:00",
        "reason": "Stands in over the holidays",
    }

    role_id: UUID
    until: datetime | None = None
    reason: Why | None = None


class RightToGive(Struct, frozen=True, kw_only=True):
    """A right to give somebody, or to deny them with `is_granted` false; without `until` for good."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "permission_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "is_granted": True,
        "until": "2027-01-31T17:00:00+07:00",
        "reason": "Stands in over the holidays",
    }

    permission_id: UUID
    is_granted: bool = True
    until: datetime | None = None
    reason: Why | None = None
