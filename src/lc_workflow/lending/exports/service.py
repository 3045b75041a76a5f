"""Putting on record that somebody takes applications out of the house."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import func, select

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.queries import Wanted, conditions
from lc_workflow.lending.events import ApplicationsExported
from lc_workflow.lending.exports.access import exportable_by
from lc_workflow.platform.security.personal import READ as READ_NUMBERS
from lc_workflow.platform.service import Service


class ExportService(Service[CustomerApplication]):
    """Exports as facts."""

    noun = "application"

    async def begin(self, wanted: Wanted, form: str, *, principal: Principal, at: datetime) -> None:
        """Record who exports which applications, before the first of them leaves the house."""
        asked = {
            name: str(value)
            for name in Wanted.__dataclass_fields__
            if name not in {"sort_by", "descending", "search"} and (value := getattr(wanted, name)) is not None
        }
        async with self.transaction():
            # Filters the database cannot process are refused here, before anything goes on record.
            which = (exportable_by(principal), *conditions(wanted))
            rows = await self.session.scalar(select(func.count()).select_from(CustomerApplication).where(*which))
            self.announce(
                ApplicationsExported(
                    actor_id=principal.id,
                    at=at,
                    export_id=uuid4(),
                    form=form,
                    filters=asked,
                    searched=bool(wanted.search),
                    numbers_whole=principal.may(READ_NUMBERS),
                    rows=rows,
                )
            )
