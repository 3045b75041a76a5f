"""Whether what somebody chooses is still in use: a place that is open, a colleague who is still here."""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.organization.rules.references import NotInUse

_CHOSEN: Final[dict[str, type[Branch | Department | Employee | Position]]] = {
    "branch_id": Branch,
    "department_id": Department,
    "position_id": Position,
    "portfolio_id": Employee,
    "line_manager_id": Employee,
}


async def check_in_use(session: AsyncSession, **chosen: UUID | None) -> None:
    """Let somebody choose these, each by the name of its field; ids that lead nowhere are left to the foreign keys.

    Raises:
        NotInUse: One was closed, or has left.
    """
    for field, row_id in chosen.items():
        row = _CHOSEN[field]
        if row_id and await session.scalar(select(row.is_active).where(row.id == row_id)) is False:
            raise NotInUse(field)
