"""Moves everything from the old service into this house, or says what that would come to."""

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Final
from uuid import uuid4

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import URL, delete, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bound_contextvars, get_contextvars

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.rules.expiry import VALID_DAYS, begin_of_validity, valid_days
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.moving.adjusting import take_settings
from lc_workflow.moving.company import appoint, take_employees, take_places
from lc_workflow.moving.events import BookMovedIn
from lc_workflow.moving.loans import Loans
from lc_workflow.moving.old import opened
from lc_workflow.moving.papers import UNNAMED_STORE, Papers, take_selfies
from lc_workflow.moving.people import take_accounts
from lc_workflow.moving.report import Report
from lc_workflow.moving.shelves import take_assignments, take_folders
from lc_workflow.moving.stores import OldPapers
from lc_workflow.moving.taking import Taking
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.reaching import engine_for_once
from lc_workflow.platform.db.reading import ClosingSession
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.system.settings.service import SettingService

ALONE: Final = text("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE")
"""Keeps everybody else from writing customers meanwhile, a second move included; reading goes on."""


async def move(
    settings: Settings, old: URL, *, papers: OldPapers | None, store: ObjectStore, write: bool, at: datetime
) -> Report:
    """Take the old service's book into this installation; without `write` everything is rolled back.

    All rows come in one transaction; then papers, each in its own, from where `papers` finds their bytes. What came
    before stays as it is, so a second move takes only what is new. No listener is told of what comes.

    Raises:
        NotTheOldService: The old database is none.
        BadSetting: It does not answer.
        Unavailable: Our own store does not answer, or a database was lost before all rows were here: then none is.
    """
    engine = engine_for_once(settings.database_url)
    report = Report(at=at, written=write)
    if write:
        await store.prepare()
    console = Console(stderr=True)
    with (
        bound_contextvars(request_id=f"move:{uuid4()}"),
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        async with opened(old) as database, ClosingSession(engine, expire_on_commit=False) as session:
            taking = Taking(database, session, report, at, progress)
            if write:
                await session.execute(ALONE)
            await _take_rows(taking)
            for table, why in database.left().items():
                report.left[table] = (await database.count(table), why)
            if write:
                await session.commit()
            if papers is not None:
                await _take_papers(taking, papers, store, settings)
            else:
                for table in {"files", "selfies"} & database.tables.keys():
                    report.left[table] = (await database.count(table), UNNAMED_STORE)
    return report


async def _take_rows(taking: Taking) -> None:
    """Take the tables in the order of their references, and record what came."""
    report, session = taking.report, taking.session
    customers = await _customers(session)
    await take_places(taking)
    await take_accounts(taking)
    await take_employees(taking)
    await appoint(taking)
    await Loans(taking).take()
    await take_assignments(taking)
    await take_folders(taking)
    await take_settings(taking)
    report.figures["customers written down"] = await _customers(session) - customers
    report.figures["approvals that are too old and expire within the hour"] = await _expiring(taking)
    if taken := {table: part.taken for table, part in report.parts.items() if part.taken}:
        session.add(JournalEntry.of(BookMovedIn(actor_id=None, at=taking.at, taken=taken)))
        await session.flush()
    mine = select(JournalEntry.id).where(JournalEntry.request_id == get_contextvars()["request_id"])
    await session.execute(delete(Untold).where(Untold.id.in_(mine)))


async def _take_papers(taking: Taking, papers: OldPapers, store: ObjectStore, settings: Settings) -> None:
    """Take the papers as long as stores and databases answer; what came stays, and the next move continues."""
    for part in (Papers(taking, papers, store, settings).take, partial(take_selfies, taking)):
        try:
            await part()
        except (Unavailable, DBAPIError, OSError):
            taking.report.broken_off = True
            with suppress(DBAPIError, OSError):
                await taking.session.rollback()


async def _customers(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Customer)) or 0


async def _expiring(taking: Taking) -> int:
    """Count the approvals that will expire at once because they are too old."""
    days = valid_days(await SettingService(taking.session).value_of(VALID_DAYS))
    row = CustomerApplication
    where = (row.workflow_status == Stage.APPROVED, row.approved_at <= begin_of_validity(taking.at, days=days))
    return await taking.session.scalar(select(func.count()).select_from(row).where(*where)) or 0
