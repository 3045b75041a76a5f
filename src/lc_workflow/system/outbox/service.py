"""Looking at facts that could not be told, and having them told again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.journal.relay import CHANNEL
from lc_workflow.platform.service import Service
from lc_workflow.system.events import FactsReplayed
from lc_workflow.system.outbox.schemas import UntoldAnswer


class OutboxService(Service[Untold]):
    """The facts that listeners have not heard."""

    noun = "untold fact"

    async def page(self, window: Window, *, given_up_only: bool) -> tuple[Sequence[UntoldAnswer], int]:
        """List untold facts, the oldest first, and how many there are in all."""
        where: list[ColumnElement[bool]] = [Untold.given_up_at.is_not(None)] if given_up_only else []
        listed = (
            select(Untold, JournalEntry.kind, JournalEntry.subject, JournalEntry.subject_id, JournalEntry.at)
            .join(JournalEntry, JournalEntry.id == Untold.id)
            .where(*where)
            .order_by(Untold.number)
        )
        rows, total = await read_page(self.session, listed, window)
        shown = [
            UntoldAnswer(row.id, row.number, kind, subject, subject_id, at, row.attempts, row.due_at, row.given_up_at)
            for row, kind, subject, subject_id, at in rows
        ]
        return shown, total

    async def replay(self, fact_id: UUID, *, principal: Principal, at: datetime) -> int:
        """Have one fact told again, with all its tries before it.

        Raises:
            Missing: It was told, or there is none.
        """
        async with self.transaction():
            await self.find(id=fact_id, lock=True)
            return await self._again(Untold.id == fact_id, principal=principal, at=at)

    async def replay_given_up(self, *, principal: Principal, at: datetime) -> int:
        """Have everything told again that was given up; return how many facts."""
        async with self.transaction():
            return await self._again(Untold.given_up_at.is_not(None), principal=principal, at=at)

    async def _again(self, which: ColumnElement[bool], *, principal: Principal, at: datetime) -> int:
        count = len(
            (
                await self.session.scalars(
                    update(Untold).where(which).values(attempts=0, due_at=None, given_up_at=None).returning(Untold.id)
                )
            ).all()
        )
        if count:
            self.announce(FactsReplayed(actor_id=principal.id, at=at, count=count))
            await self.session.execute(select(func.pg_notify(CHANNEL, "")))
        return count
