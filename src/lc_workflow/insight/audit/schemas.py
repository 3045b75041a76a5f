"""The audit trail as answers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from lc_workflow.platform.journal.chain import Tampering


class Actor(Struct, frozen=True):
    """Who did something; nobody for what the house did itself."""

    id: UUID
    name: str
    username: str
    role: str


class EntryAnswer(Struct, frozen=True, kw_only=True):
    """One fact: who did what to which subject, when, from where, why, and which fields it changed.

    `subject_name` is whose account the subject is, where it is one.
    `changes` lists rows as `{of, id, fields}`; `fields` maps a field to what it held before and after, personal data
    masked. `hash` covers this entry and all before it in its thread, at `position`.
    """

    id: UUID
    number: int
    kind: str
    subject: str
    subject_id: UUID
    subject_name: str | None
    application_id: UUID | None
    actor: Actor | None
    on_behalf_of: UUID | None
    session_id: UUID | None
    address: str | None
    request_id: str | None
    at: datetime
    reason: str | None
    facts: dict[str, Any]
    changes: list[dict[str, Any]] | None
    thread_id: UUID
    position: int
    hash: str


class RightsEntryAnswer(EntryAnswer, frozen=True, kw_only=True):
    """A change of roles and rights, said as well in the words of the page that administers them.

    `user_name` is whoever made it, `target_user_name` whose roles or rights it changed, `permission_name` the right it
    was about if it was one (`details` lists several), `details` what the entry's `facts` hold.
    """

    action: str
    entity_type: str
    user_name: str | None
    target_user_id: UUID | None
    target_user_name: str | None
    role_name: str | None
    permission_name: str | None
    timestamp: datetime
    ip_address: str | None
    details: dict[str, Any]


class ExportFormat(StrEnum):
    """What changes of roles and rights are given out as."""

    CSV = "csv"
    JSON = "json"


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which entries are wanted; days are days of the branches, both ends included.

    `search` is a part of what the entry says or of the names of who did it and to whom. `fact` says that one of the
    entry's facts is there (a list with something in it, or true), `without` that it is not.
    """

    kinds: frozenset[str] | None = None
    subject: str | None = None
    subject_id: UUID | None = None
    application_id: UUID | None = None
    actor_id: UUID | None = None
    request_id: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    search: str | None = None
    fact: str | None = None
    without: str | None = None


class PersonalReadAnswer(Struct, frozen=True, kw_only=True):
    """Somebody was shown identity numbers and telephones whole.

    `subject_id` says whose when one was opened; in a list it is empty and `how_many` counts them.
    """

    id: UUID
    reader: Actor
    subject: str
    subject_id: UUID | None
    how_many: int
    at: datetime
    session_id: UUID | None
    address: str | None
    request_id: str | None


class PersonalReadFilter(Struct, frozen=True, kw_only=True):
    """Which reads are wanted; days are days of the branches, both ends included."""

    reader_id: UUID | None = None
    subject: str | None = None
    subject_id: UUID | None = None
    date_from: date | None = None
    date_to: date | None = None


class FaultAnswer(Struct, frozen=True):
    """A place where the journal is not what was written."""

    tampering: Tampering
    thread_id: UUID | None
    position: int | None
    entry_id: UUID | None
    day: date | None


class VerdictAnswer(Struct, frozen=True):
    """What a check found: `intact` when nothing was altered, removed, cut or sealed by somebody else."""

    intact: bool
    entries: int
    anchors: int
    faults: list[FaultAnswer]


class AnchorAnswer(Struct, frozen=True):
    """A day's seal on the journal, to be kept elsewhere as well."""

    day: date
    after: int
    up_to: int
    threads: int
    digest: str
    made_at: datetime
