"""Reading applications for a file, in batches: memory stays small, and a slow client holds no connection."""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.queries import Wanted, conditions
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.exports.access import exportable_by
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.stages import STATUS_OF, Stage
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.security.personal import READ as READ_NUMBERS
from lc_workflow.platform.security.personal import masked

BATCH: Final = 500
"""Rows per statement; a few hundred kilobytes."""

_ROW: Final = CustomerApplication
_COLUMNS: Final = (
    "id", "workflow_status", "account_id", "full_name_khmer", "full_name_latin", "sex", "date_of_birth",
    "marital_status", "id_card_type", "id_number", "phone", "current_address", "village", "commune", "district",
    "province", "place_code", "occupation", "employer_name", "monthly_income", "income_source", "monthly_expenses",
    "currency", "requested_amount", "desired_loan_term", "interest_rate", "product_type", "loan_purposes",
    "purpose_details", "requested_disbursement_date", "recommended_amount",
    "recommended_loan_term", "recommended_interest_rate", "approved_amount", "approved_loan_term",
    "approved_interest_rate", "priority_level", "risk_category", "portfolio_officer_name", "submitted_at",
    "approved_at", "rejected_at", "rejection_reason", "created_at", "updated_at",
)  # fmt: skip
"""The columns of an application that stand in the file."""

_NUMBERS: Final = ("id_number", "phone", "guarantor_phone")
"""The columns that are masked for those who may not read them."""

HEADER: Final = (
    *("branch_code", "status"),
    *_COLUMNS,
    *("guarantor_name", "guarantor_phone", "collateral_value", "collateral_value_other_currency"),
    "paid_on",
)
"""The column names of the file; amounts are in `currency`, terms in months, rates in percent per year. Collateral
valued in the other of the two currencies has a column of its own: riel and dollars are not added up."""


_PAID_ON: Final = case((_ROW.workflow_status == Stage.DISBURSED, _ROW.loan_start_date))
"""The day a loan was paid out; before that, the day wished for."""


class ExportQueries:
    """The applications a person may export."""

    def __init__(self, session: AsyncSession) -> None:
        """Open the queries on the request's session; between two batches it holds no connection."""
        self._session = session

    async def rows(self, wanted: Wanted, *, principal: Principal) -> AsyncGenerator[list[Any], None]:
        """Read the rows of the file, newest first.

        Numbers are masked where the person may not read them. What is drafted while the file is written may be missing
        from it; nothing occurs twice.
        """
        last: tuple[datetime, UUID] | None = None

        def reads(row: Mapping[str, Any]) -> bool:
            return principal.reaches(READ_NUMBERS, owner_id=row["user_id"], branch_id=row["branch_id"])

        while True:
            found = (await self._session.execute(_batch(wanted, principal, last))).mappings().all()
            await self._session.close()
            for row in found:
                yield _cells(row, whole=reads(row))
            if len(found) < BATCH:
                return
            last = (found[-1]["created_at"], found[-1]["id"])


def _batch(wanted: Wanted, principal: Principal, last: tuple[datetime, UUID] | None) -> Select[Any]:
    guarantor = (
        select(func.coalesce(Party.full_name_latin, Party.full_name_khmer).label("name"), Party.phone.label("phone"))
        .where(Party.application_id == _ROW.id, Party.role == PartyRole.GUARANTOR)
        .order_by(Party.position)
        .limit(1)
        .lateral("guarantor")
    )
    elsewhere = Collateral.currency.is_not(None) & (Collateral.currency != _ROW.currency)
    columns = (getattr(_ROW, name) for name in _COLUMNS)
    return (
        select(
            Branch.code.label("branch_code"),
            _ROW.user_id,
            _ROW.branch_id,
            *columns,
            guarantor.c.name.label("guarantor_name"),
            guarantor.c.phone.label("guarantor_phone"),
            _pledged(~elsewhere).label("collateral_value"),
            _pledged(elsewhere).label("collateral_value_other_currency"),
            _PAID_ON.label("paid_on"),
        )
        .outerjoin(Branch, Branch.id == _ROW.branch_id)
        .outerjoin(guarantor, guarantor.c.name.is_not(None) | guarantor.c.phone.is_not(None))
        .where(exportable_by(principal), *conditions(wanted), *_after(last))
        .order_by(_ROW.created_at.desc(), _ROW.id)
        .limit(BATCH)
    )


def _pledged(which: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Add up the value of what is pledged."""
    theirs = Collateral.application_id == _ROW.id
    return select(func.sum(Collateral.value)).where(theirs, which).correlate(_ROW).scalar_subquery()


def _after(last: tuple[datetime, UUID] | None) -> tuple[ColumnElement[bool], ...]:
    """Continue after the last row; the first condition is the one an index answers."""
    if last is None:
        return ()
    moment, id_ = last
    return (_ROW.created_at <= moment, (_ROW.created_at < moment) | (_ROW.id > id_))


def _cells(row: Any, *, whole: bool) -> list[Any]:
    """Put a row into the order of the header."""
    derived: dict[str, Any] = {
        "status": STATUS_OF[row["workflow_status"]],
        "loan_purposes": ", ".join(row["loan_purposes"]),
    }
    if not whole:
        derived |= {name: masked(row[name]) for name in _NUMBERS}
    return [derived[name] if name in derived else row[name] for name in HEADER]
