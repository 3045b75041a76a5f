"""Facts that a move puts on record; nobody is told of them."""

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from lc_workflow.kernel.events import Event

HOUSE: Final = UUID(int=0)


class AccountMovedIn(Event, frozen=True, kw_only=True):
    """An account came from the old service, where it had this role and this status."""

    subject: ClassVar[str] = "user"
    user_id: UUID
    old_role: str
    old_status: str


class ApplicationMovedIn(Event, frozen=True, kw_only=True):
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


class BookMovedIn(Event, frozen=True, kw_only=True):
    """A move from the old service ended; `taken` counts the rows of each old table that came with it."""

    subject: ClassVar[str] = "house"
    house_id: UUID = HOUSE
    taken: Mapping[str, int]
