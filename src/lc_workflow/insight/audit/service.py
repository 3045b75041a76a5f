"""Putting on record that somebody takes the journal out of the house."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import func, select

from lc_workflow.insight.audit.access import EXPORT, visible_to
from lc_workflow.insight.audit.queries import conditions
from lc_workflow.insight.audit.schemas import AuditFilter
from lc_workflow.insight.events import JournalExported
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.service import Service


class JournalExportService(Service[JournalEntry]):
    """Exports of the journal as facts."""

    noun = "entry"

    async def begin(self, wanted: AuditFilter, *, principal: Principal, at: datetime) -> int:
        """Record who exports which entries, before the first of them leaves the house.

        Returns the number of the last entry at that moment: the file ends with it, and has as many entries as recorded.
        """
        filters = {
            name: str(value) for name in wanted.__struct_fields__ if (value := getattr(wanted, name)) is not None
        }
        if wanted.search:
            filters["search"] = "yes"  # the searched text may be a name, so it is left out
        if wanted.kinds is not None:
            filters["kinds"] = ", ".join(sorted(wanted.kinds))
        where = (visible_to(principal, EXPORT), *conditions(wanted))
        async with self.transaction():
            counted = select(func.count(), func.coalesce(func.max(JournalEntry.number), 0)).where(*where)
            rows, last = (await self.session.execute(counted)).one()
            self.announce(JournalExported(actor_id=principal.id, at=at, export_id=uuid4(), filters=filters, rows=rows))
        return last
