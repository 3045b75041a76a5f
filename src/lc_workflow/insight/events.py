"""What insight announces: it changes nobody, but what it gives out is on record."""

from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


class JournalExported(Event, frozen=True, kw_only=True):
    """Somebody took entries of the journal out of the house as a file; `filters` says which, `rows` how many."""

    subject: ClassVar[str] = "export"
    export_id: UUID
    filters: dict[str, str]
    rows: int
