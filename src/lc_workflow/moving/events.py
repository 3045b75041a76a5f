"""Facts that a move puts on record; nobody is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from lc_workflow.kernel.events import Event

HOUSE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMovedIn(Event):
    """An account came from the old service, where it had this role and this status."""

    subject: ClassVar[str] = "user"
    user_id: UUID
    old_role: str
    old_status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationMovedIn(Event):
    """An application came from the old service.

    `old` holds the words by which the old service said where it stood, and `moments` when it came there, as they were
    written; `people` by whom. `stage` is where it stands here for that.
    """

    subject: ClassVar[str] = "application"
    application_id: UUID
    stage: str
    old: Mapping[str, str]
    moments: Mapping[str, str]
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookMovedIn(Event):
    """A move from the old service ended; `taken` counts the rows of each old table that came with it."""

    subject: ClassVar[str] = "house"
    house_id: UUID = HOUSE
    taken: Mapping[str, int]
