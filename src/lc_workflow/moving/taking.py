"""What is carried through a move: the two databases, the report, and which old rows have a row here."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from rich.progress import Progress
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import FilePurged, FileRemoved, FolderRemoved
from lc_workflow.kernel.errors import DomainError, Unavailable
from lc_workflow.kernel.events import Event
from lc_workflow.lending.events import ApplicationRemoved
from lc_workflow.moving.old import OldDatabase
from lc_workflow.moving.old import Row as OldRow
from lc_workflow.moving.reading import moment
from lc_workflow.moving.report import Known, Part, Report, Unfit
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.journal.changes import NOTICED
from lc_workflow.platform.journal.models import JournalEntry

SILENT: Final = "a store did not answer here; this one and those behind it come with the next move"
LOST: Final = "the database was lost here; this one and those behind it come with the next move"
FUTURE: Final = "it was written in the future"
NAMELESS: Final = "it has no name"
NO_APPLICATION: Final = "its application did not come"
TAKEN_AWAY: Final = "it was here, and was taken away"
LONGEST_NAME: Final = 200

GOING: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "customer_applications": (ApplicationRemoved,),
    "folders": (FolderRemoved,),
    "files": (FileRemoved, FilePurged),
}
"""The facts that show, for a deleted row, that it once was here."""


@dataclass(slots=True)
class Taking:
    """A move under way, in one transaction of our database; `at` is its moment."""

    old: OldDatabase
    session: AsyncSession
    report: Report
    at: datetime
    progress: Progress
    branches: Known = field(default_factory=Known)
    departments: Known = field(default_factory=Known)
    positions: Known = field(default_factory=Known)
    users: Known = field(default_factory=Known)
    employees: Known = field(default_factory=Known)
    applications: Known = field(default_factory=Known)
    folders: Known = field(default_factory=Known)
    files: Known = field(default_factory=Known)
    selfies: Known = field(default_factory=Known)

    async def unseen(self, table: str, known: Known, kind: type[Row]) -> AsyncIterator[tuple[OldRow, Part]]:
        """Read the rows of an old table that are not here yet; mark the others as known.

        What somebody removed here after an earlier move stays removed.
        """
        part = self.report.of(table)
        here = set(await self.session.scalars(select(kind.id)))
        gone = await self.taken_away(table)
        bar = self.progress.add_task(table, total=await self.old.count(table))
        async for row in self.old.rows(table):
            part.read += 1
            self.progress.advance(bar)
            if row["id"] in here:
                part.there_already += 1
                known.ids[row["id"]] = row["id"]
            elif row["id"] in gone:
                part.refuse(TAKEN_AWAY, row["id"])
            else:
                yield row, part

    async def taken_away(self, table: str) -> set[UUID]:
        """The ids of rows that were in such a table here, and were removed."""
        if table not in GOING:
            return set()
        kinds = [fact.__name__ for fact in GOING[table]]
        return set(await self.session.scalars(select(JournalEntry.subject_id).where(JournalEntry.kind.in_(kinds))))

    async def put(self, part: Part, old_id: UUID, *rows: Row, known: Known | None = None) -> bool:
        """Write rows that belong together; if the database refuses them, they stay behind alone."""
        with or_left_behind(part, old_id):
            async with self.session.begin_nested():
                self.session.add_all(rows)
            self.taken(part, old_id, known)
            return True
        return False

    def taken(self, part: Part, old_id: UUID, known: Known | None) -> None:
        """Count a row that is here now."""
        part.taken += 1
        if known is not None:
            known.ids[old_id] = old_id
        self.session.info.pop(NOTICED, None)  # the journal says that it came, not how it was written

    def dated(self, row: OldRow) -> dict[str, Any]:
        """When an old row was written and last changed; where nobody knows, now.

        Raises:
            Unfit: That was in the future.
        """
        created = moment(row.get("created_at")) or self.at
        if created > self.at:
            raise Unfit(FUTURE)
        return {"created_at": created, "updated_at": min(moment(row.get("updated_at")) or created, self.at)}


@contextmanager
def or_left_behind(part: Part, old_id: UUID) -> Iterator[None]:
    """Leave one row behind, with the reason, when something in the block refuses it.

    Raises:
        Unavailable: A store or our database does not answer, so the rest cannot come now either.
    """
    try:
        yield
    except Unfit as why:
        part.refuse(str(why), old_id)
    except Unavailable:
        part.refuse(SILENT, old_id)
        raise
    except DomainError as refusal:
        part.refuse(f"a rule of this house refused it ({refusal.code})", old_id)
    except DBAPIError as refusal:
        if refusal.connection_invalidated:
            part.refuse(LOST, old_id)
            raise Unavailable("The connection to our database was lost; move once more.") from refusal
        part.refuse(f"the database refused it ({constraint_of(refusal)})", old_id)


def constraint_of(refusal: DBAPIError) -> str:
    """Name what the database refused a row for, and nothing of the row."""
    cause = getattr(refusal.orig, "__cause__", None)
    return str(getattr(cause, "constraint_name", None) or type(cause or refusal.orig).__name__)
