"""What selfies show, and what is found about them."""

from enum import StrEnum
from uuid import UUID

from lc_workflow.kernel.errors import DomainError, FieldError, Forbidden, Invalid


class SelfieType(StrEnum):
    """What a selfie shows. Source: the Selfies row of the web app's contract, §3."""

    CUSTOMER_PROFILE = "customer_profile"
    CUSTOMER_WITH_OFFICER = "customer_with_officer"
    ID_VERIFICATION = "id_verification"
    LOCATION_VERIFICATION = "location_verification"


class SelfieStatus(StrEnum):
    """The finding of whoever checked it."""

    PENDING = "pending"
    VALID = "valid"
    INVALID = "invalid"


class PlaceIncomplete(Invalid):
    """A place has a latitude and a longitude."""


class OwnSelfie(Forbidden):
    """Nobody confirms a picture they took themselves."""


class FoundAlready(Invalid):
    """Somebody has checked this selfie already."""


class NotesNeeded(Invalid):
    """A negative finding needs a reason."""


def check_place(latitude: float | None, longitude: float | None) -> None:
    """Refuse a place with only one of its degrees.

    Raises:
        PlaceIncomplete: One of them is missing.
    """
    if (latitude is None) != (longitude is None):
        missing = "location_latitude" if latitude is None else "location_longitude"
        raise PlaceIncomplete(
            "A place needs its latitude and its longitude.", errors=(FieldError(missing, "is needed with the other"),)
        )


def objection(
    *, status: SelfieStatus, taken_by: UUID, person: UUID, is_valid: bool, notes: str | None
) -> DomainError | None:
    """What keeps a person from judging a selfie, or None: somebody else judges, once, and rejects with a reason."""
    if taken_by == person:
        return OwnSelfie("You took this picture; somebody else must look at it.")
    if status is not SelfieStatus.PENDING:
        return FoundAlready(f"This selfie was found {status} already; take a new one.")
    if not is_valid and not (notes or "").strip():
        return NotesNeeded("Say what is wrong with the picture.", errors=(FieldError("notes", "is needed"),))
    return None
