"""Kinds of papers as requests and answers."""

from typing import Annotated, ClassVar, Final, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.platform.http.shapes import Name

KindCode: TypeAlias = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
"""The `document_type` of a paper."""

LAST: Final = 10_000

Position: TypeAlias = Annotated[int, Meta(ge=0, le=LAST)]


class DocumentType(Struct, frozen=True):
    """A kind of paper, what people call it, and the folder it is filed in."""

    value: str
    label: str
    label_khmer: str
    folder: str
    position: int
    offered: bool


class NewDocumentType(Struct, frozen=True, kw_only=True):
    """A kind of paper to add; without a position it is listed last."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "value": "market_permit",
        "label": "Market permit",
        "label_khmer": "លិខិតអនុញ្ញាតផ្សារ",
        "folder": "Borrower Documents",
    }

    value: KindCode
    label: Name
    label_khmer: Name
    folder: Name
    position: Position | None = None


class DocumentTypeChange(Struct, frozen=True, kw_only=True):
    """What to change about a kind of paper; another folder is for the papers to come."""

    EXAMPLE: ClassVar[dict[str, object]] = {"label": "Permit of the market"}

    label: Name | UnsetType = UNSET
    label_khmer: Name | UnsetType = UNSET
    folder: Name | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    offered: bool | UnsetType = UNSET
