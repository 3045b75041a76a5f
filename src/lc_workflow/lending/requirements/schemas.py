"""The papers an application is asked for, as requests and answers."""

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.lending.rules.checklist import Gate, Need, PaperVerdict, Whom
from lc_workflow.platform.http.fields import VISIBLE
from lc_workflow.platform.http.shapes import Code, Note

Reason = Annotated[str, Meta(min_length=1, max_length=4_000, pattern=VISIBLE)]


class PaperAnswer(Struct, frozen=True, kw_only=True):
    """A paper that was taken for a line of the checklist; its name and link come from `/files/{file_id}`."""

    file_id: UUID
    document_type: str
    uploaded_by: UUID
    uploaded_at: datetime
    subject_id: UUID | None
    issued_on: date | None
    expires_on: date | None
    verdict: PaperVerdict | None
    note: str | None
    verified_by: UUID | None
    verified_at: datetime | None


class WaiverAnswer(Struct, frozen=True, kw_only=True):
    """A waiver; it holds through `ends_on` unless it was ended before."""

    id: UUID
    rule: str
    subject_id: UUID | None
    reason: str
    granted_by: UUID
    granted_at: datetime
    ends_on: date
    ended_by: UUID | None
    ended_at: datetime | None


class ItemAnswer(Struct, frozen=True, kw_only=True):
    """One line of the checklist: what is asked for, for whom, how it stands, and which step waits for it."""

    rule: str
    document_type: str
    label: str
    label_khmer: str
    whom: Whom
    subject_id: UUID | None
    subject_name: str | None
    count: int
    any_of: str | None
    gate: Gate | None
    status: Need
    blocks: Gate | None
    verified: bool
    max_age_days: int | None
    papers: list[PaperAnswer]


class ChecklistOfApplication(Struct, frozen=True, kw_only=True):
    """The checklist an application was given and how it stands with it.

    Its product may ask for papers too, by rules named PRODUCT-1 and so on; without either nothing is asked for.
    `blocking` says for each step how many papers it waits for.
    """

    application_id: UUID
    checklist_id: UUID | None
    checklist_number: int | None
    checklist_name: str | None
    items: list[ItemAnswer]
    waivers: list[WaiverAnswer]
    blocking: dict[Gate, int]


class PaperDescription(Struct, frozen=True, kw_only=True):
    """Whom a paper is about (a party or a collateral), of when it is and until when it holds; absent fields stay."""

    EXAMPLE: ClassVar[dict[str, object]] = {"issued_on": "2021-07-01", "expires_on": "2031-06-30"}

    subject_id: UUID | UnsetType | None = UNSET
    issued_on: date | UnsetType | None = UNSET
    expires_on: date | UnsetType | None = UNSET


class Verification(PaperDescription, frozen=True, kw_only=True):
    """What somebody found who looked at a paper; who refuses one says why."""

    EXAMPLE: ClassVar[dict[str, object]] = {"verdict": "refused", "note": "The back of the card is missing"}

    verdict: PaperVerdict
    note: Note | None = None


class NewWaiver(Struct, frozen=True, kw_only=True):
    """Doing without a paper through `ends_on`: for one subject of the rule, or for all."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "rule": "ID-CARD",
        "reason": "The card is being renewed; the receipt was seen",
        "ends_on": "2026-12-31",
    }

    rule: Code
    reason: Reason
    ends_on: date
    subject_id: UUID | None = None
