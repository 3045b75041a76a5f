"""Selfies as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from lc_workflow.documents.rules.selfies import SelfieStatus, SelfieType, check_place
from lc_workflow.organization.branches.schemas import Latitude, Longitude
from lc_workflow.platform.http.shapes import Line, Note
from lc_workflow.platform.security.personal import masked


class SelfieAnswer(Struct, frozen=True, kw_only=True):
    """A selfie; the place is in degrees. `url` is given to whoever uploads or opens it, and ends at `expires_at`."""

    id: UUID
    file_id: UUID
    application_id: UUID
    selfie_type: SelfieType
    customer_id_number: str | None
    customer_name: str | None
    location_latitude: float | None
    location_longitude: float | None
    location_address: str | None
    notes: str | None
    taken_by: UUID
    created_at: datetime
    status: SelfieStatus
    validated_by: UUID | None
    validated_at: datetime | None
    validation_notes: str | None
    url: str | None = None
    expires_at: datetime | None = None

    def masked(self) -> Self:
        """The same with the customer's number masked."""
        return replace(self, customer_id_number=masked(self.customer_id_number))


class Capture(Struct, frozen=True, kw_only=True):
    """What a selfie shows: of which application, what kind, who, where (degrees)."""

    application_id: UUID
    selfie_type: SelfieType
    customer_id_number: Annotated[str, Meta(max_length=50)] | None = None
    customer_name: Line | None = None
    location_latitude: Latitude | None = None
    location_longitude: Longitude | None = None
    location_address: Note | None = None
    notes: Note | None = None

    def __post_init__(self) -> None:
        """Half a place is none."""
        check_place(self.location_latitude, self.location_longitude)


class Finding(Struct, frozen=True, kw_only=True):
    """What somebody found who looked at a selfie: whether it shows what it should, and why not."""

    EXAMPLE: ClassVar[dict[str, object]] = {"is_valid": True, "notes": "Face and card agree"}

    is_valid: bool
    notes: Note | None = None
