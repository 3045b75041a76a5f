"""Accounts as they are shown, in one statement that is written once."""

from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.json import Decoder
from sqlalchemy import ColumnElement, Select, Text, Uuid, bindparam, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.schemas import UserAnswer, photo_url
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.cards import BranchCard, DepartmentCard, EmployeeCard, PositionCard
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.platform.db.nested import as_object_or_null


class _Places(Struct, frozen=True):
    """Where an account stands in the company."""

    department: DepartmentCard | None
    branch: BranchCard | None
    position: PositionCard | None
    portfolio: EmployeeCard | None
    line_manager: EmployeeCard | None


async def shown(session: AsyncSession, user_id: UUID, *, base_url: str) -> UserAnswer:
    """Show an account that is there, with its place in the company; `base_url` is where browsers reach this API."""
    connection = await session.connection()
    row = (await connection.execute(_SHOWN, {"user_id": user_id})).one()
    fields = dict(zip(_COLUMNS, row, strict=False))
    word, photo, places = row[len(_COLUMNS) :]
    placed = _PLACES.decode(places)
    return UserAnswer(
        **fields | {"role": word},
        role_name=fields["role"],
        is_active=fields["status"] is UserStatus.ACTIVE,
        profile_image_url=photo_url(photo, base_url=base_url),
        department=placed.department,
        branch=placed.branch,
        position=placed.position,
        portfolio=placed.portfolio,
        line_manager=placed.line_manager,
    )


def _shown() -> Select[Any]:
    """Write the statement."""
    role, department, branch = CompanyRole.__table__, Department.__table__, Branch.__table__
    position, portfolio, manager = Position.__table__, Employee.__table__.alias(), Employee.__table__.alias()
    places = (
        ("department", DepartmentCard, department),
        ("branch", BranchCard, branch),
        ("position", PositionCard, position),
        ("portfolio", EmployeeCard, portfolio),
        ("line_manager", EmployeeCard, manager),
    )
    source = _TABLE.join(role, role.c.name == _TABLE.c.role)
    for name, _, place in places:
        source = source.outerjoin(place, place.c.id == _TABLE.c[f"{name}_id"])
    parts: list[ColumnElement[Any]] = []
    for name, shape, place in places:
        parts += literal_column(f"'{name}'"), as_object_or_null(shape, place)
    return (
        select(
            *(_TABLE.c[name] for name in _COLUMNS),
            role.c.web_word,
            _TABLE.c.profile_photo_key,
            func.json_build_object(*parts).cast(Text),
        )
        .select_from(source)
        .where(_TABLE.c.id == bindparam("user_id", type_=Uuid()))
    )


_TABLE: Final = User.__table__
_COLUMNS: Final = tuple(name for name in UserAnswer.__struct_fields__ if name in _TABLE.c)
_SHOWN: Final = _shown()
_PLACES: Final = Decoder(_Places)
