"""Positions as requests and answers."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from lc_workflow.platform.http.shapes import Name, Note


class PositionAnswer(Struct, frozen=True):
    """A position."""

    id: UUID
    name: str
    description: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class NewPosition(Struct, frozen=True, kw_only=True):
    """A position to open."""

    EXAMPLE: ClassVar[dict[str, object]] = {"name": "Loan officer", "description": "Visits borrowers where they live"}

    name: Name
    description: Note | None = None
    is_active: bool = True


class PositionChange(Struct, frozen=True, kw_only=True):
    """What to change about a position: absent fields stay, null clears."""

    EXAMPLE: ClassVar[dict[str, object]] = {"description": "Visits borrowers where they live"}

    name: Name | UnsetType = UNSET
    description: Note | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
