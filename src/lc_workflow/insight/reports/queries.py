"""Collecting the figures of a branch and a month."""

import calendar
import hashlib
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.insight.figures.access import READ
from lc_workflow.insight.figures.queries import Figures
from lc_workflow.insight.figures.schemas import Figure, Period
from lc_workflow.insight.reports.schemas import MonthlyReport, ReportTable
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.models import Branch

TABLES: Final = (
    Figure.STATES,
    Figure.FUNNEL,
    Figure.TURNAROUND,
    Figure.RETURNS,
    Figure.EXCEPTIONS,
    Figure.CURRENCIES,
    Figure.DISBURSED,
    Figure.SLA,
)
"""The tables of a monthly report, in order."""


class Reports:
    """Reads reports, within what the person may count."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._figures = Figures(session)

    async def monthly(self, branch_id: UUID, month: date, principal: Principal, *, at: datetime) -> MonthlyReport:
        """Count what a branch did in the month of a day; the connection goes back, because printing takes time.

        Raises:
            Missing: There is no such branch, or its figures are not this person's to see.
        """
        branch = await self._session.get(Branch, branch_id)
        if branch is None or not principal.reaches(READ, owner_id=None, branch_id=branch_id):
            raise Missing("There is no such branch, or its figures are not yours to see.")
        last = calendar.monthrange(month.year, month.month)[1]
        period = Period(month.replace(day=1), month.replace(day=last), branch_id)
        tables = {}
        for figure in TABLES:
            found = await self._figures.table(figure, period, principal)
            rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
            tables[figure] = ReportTable(list(found.columns), rows)
        riel = next((row for row in tables[Figure.CURRENCIES].rows if row["currency"] is Currency.KHR), {})
        report = MonthlyReport(
            branch_id=branch.id,
            branch=branch.name,
            branch_code=branch.code,
            month=f"{month:%Y-%m}",
            date_from=period.first,
            date_to=period.last,
            made_at=at,
            khr_percent_of_loans=riel.get("percent_of_loans", 0.0),
            khr_percent_of_amount=riel.get("percent_of_amount", 0.0),
            tables=tables,
            sha256=hashlib.sha256(msgspec.json.encode(tables)).hexdigest(),
        )
        await self._session.close()
        return report
