"""Whether a choice is still in use: a place that is open, a colleague who is still here."""

from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.organization.rules.references import NotInUse
from lc_workflow.platform.db.written import Written


def _is_active(row: type[Branch | Department | Employee | Position]) -> Written:
    return Written(select(row.is_active).where(row.id == bindparam("row_id", type_=Uuid)))


_IS_ACTIVE: Final = {
    "branch_id": _is_active(Branch),
    "department_id": _is_active(Department),
    "position_id": _is_active(Position),
    "portfolio_id": _is_active(Employee),
    "line_manager_id": _is_active(Employee),
}


async def check_in_use(session: AsyncSession, **chosen: UUID | None) -> None:
    """Refuse choices that are out of use, each by the name of its field; unknown ids are left to the foreign keys.

    Raises:
        NotInUse: One was closed, or has left.
    """
    for field, row_id in chosen.items():
        if row_id and await _IS_ACTIVE[field].value(session, row_id=row_id) is False:
            raise NotInUse(field)
