"""Branches as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.platform.http.shapes import Code, Email, Name, Note, Phone

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Region = Annotated[str, Meta(max_length=60)]
"""The name of a group of branches that somebody answers for."""


class BranchAnswer(Struct, frozen=True):
    """A branch; `latitude` and `longitude` are degrees."""

    id: UUID
    name: str
    code: str
    address: str | None
    phone_number: str | None
    email: str | None
    manager_id: UUID | None
    latitude: float | None
    longitude: float | None
    region: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class NewBranch(Struct, frozen=True, kw_only=True):
    """A branch to open; without a code it gets one from its name."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "name": "Phnom Penh – Chbar Ampov",
        "code": "PP02",
        "address": "National Road 1, Chbar Ampov",
        "phone_number": "023 123 456",
        "email": "pp02@branch.example",
        "latitude": 11.53,
        "longitude": 104.95,
        "region": "Phnom Penh",
    }

    name: Name
    code: Code | None = None
    address: Note | None = None
    phone_number: Phone | None = None
    email: Email | None = None
    manager_id: UUID | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    region: Region | None = None
    is_active: bool = True


class BranchChange(Struct, frozen=True, kw_only=True):
    """What to change about a branch: absent fields stay, null clears."""

    EXAMPLE: ClassVar[dict[str, object]] = {"phone_number": "023 123 456", "address": "Street 271, Phnom Penh"}

    name: Name | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    address: Note | UnsetType | None = UNSET
    phone_number: Phone | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    manager_id: UUID | UnsetType | None = UNSET
    latitude: Latitude | UnsetType | None = UNSET
    longitude: Longitude | UnsetType | None = UNSET
    region: Region | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
