"""Putting a checklist into force from its file."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.checklists.models import Checklist
from lc_workflow.lending.checklists.schemas import NewChecklist
from lc_workflow.lending.checklists.service import ChecklistService
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.db.reaching import session_for_once
from lc_workflow.seeding.approving import acting_as
from lc_workflow.seeding.reading import read_written


def read_checklist(file: Path) -> NewChecklist:
    """Read a checklist from its file; see `read_written`."""
    return read_written(file, NewChecklist)


async def follow(url: URL, wish: NewChecklist, *, by: str) -> int:
    """Put a checklist into force in a database; return its number."""
    async with session_for_once(url) as session:
        return await adopt_checklist(session, wish, by=by, at=system_clock())


async def adopt_checklist(session: AsyncSession, wish: NewChecklist, *, by: str, at: datetime) -> int:
    """Publish a checklist in the name of an administrator, unless the one in force has its name; return its number.

    Raises:
        Missing: There is no active account of that name.
        BadChecklist: The checklist contradicts itself, or asks for papers that the house does not know.
    """
    principal = await acting_as(session, by, at)
    checklists = ChecklistService(session)
    current_id = await checklists.current_id()
    current = await session.get(Checklist, current_id) if current_id else None
    if current is not None and current.name == wish.name:
        return current.number
    drafted = await checklists.draft(wish, principal=principal, at=at)
    return (await checklists.publish(drafted.id, principal=principal, at=at)).number
