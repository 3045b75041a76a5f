"""Deliveries as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID, uuid4

from msgspec import Meta, Struct, field

from lc_workflow.documents.library.schemas import Placement

Sha256: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{64}$(?!\n)")]
"""A SHA-256 in hexadecimal."""


class NewDelivery(Placement, frozen=True, kw_only=True):
    """A file to come: its name, its size in bytes, what it says it is, its SHA-256, and where it belongs.

    A client that makes the `file_id` itself may repeat every request, and there is one file in the end.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "filename": "id-card.jpg",
        "content_type": "image/jpeg",
        "file_size": 183204,
        "document_type": "borrower_id_card",
    }

    file_id: UUID = field(default_factory=uuid4)
    filename: Annotated[str, Meta(min_length=1, max_length=300)]
    content_type: Annotated[str, Meta(min_length=1, max_length=100)]
    file_size: Annotated[int, Meta(ge=0, le=2**53)]
    sha256: Sha256 | None = None


class UploadLink(Struct, frozen=True, kw_only=True):
    """Where to send the bytes, by which method and with which headers, without an Authorization header.

    `expires_in` is in seconds. After the upload, `POST /files/finalize` with the `file_id`.
    """

    file_id: UUID
    upload_url: str
    method: Literal["PUT"] = "PUT"
    headers: dict[str, str]
    expires_in: int
    expires_at: datetime


class Arrival(Struct, frozen=True, kw_only=True):
    """An announced file that was put in its place; the SHA-256 may be told now by whoever did not know it before."""

    EXAMPLE: ClassVar[dict[str, object]] = {"file_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}

    file_id: UUID
    sha256: Sha256 | None = None


class PartLink(Struct, frozen=True, kw_only=True):
    """A part that has not come: PUT bytes `start` to before `end` of the file to the link, without a header of ours."""

    number: int
    start: int
    end: int
    upload_url: str


class PartsToCome(Struct, frozen=True, kw_only=True):
    """A file that comes in parts, in any order and side by side, each as often as the network needs.

    `arrived` are the numbers of the parts that are there, `parts` links for the next of the others, at most a hundred;
    the links end at `expires_at`, the whole undertaking at `ends_at`. Ask again for more links, or to go on after a
    break. When `missing` is 0, `POST …/complete`.
    """

    file_id: UUID
    part_size: int
    part_count: int
    arrived: list[int]
    missing: int
    parts: list[PartLink]
    expires_at: datetime
    ends_at: datetime
