"""Accounts as they are shown, in one prepared statement; and the conditions of a list of accounts."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.json import Decoder
from sqlalchemy import ColumnElement, Select, Text, Uuid, bindparam, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.schemas import (
    PARTS_OF_A_NAME,
    ActivityLevel,
    SearchField,
    UserAnswer,
    UserFilter,
    photo_url,
)
from lc_workflow.kernel.dates import begin_of, end_of
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.cards import BranchCard, DepartmentCard, EmployeeCard, PositionCard
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.platform.db.nested import as_object_or_null
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.long_lists import Key
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.search import called, contains
from lc_workflow.platform.security.columns import found_by


class _Places(Struct, frozen=True):
    """An account's place in the company."""

    department: DepartmentCard | None
    branch: BranchCard | None
    position: PositionCard | None
    portfolio: EmployeeCard | None
    line_manager: EmployeeCard | None


_ANSWER: Final[Callable[..., UserAnswer]] = UserAnswer
"""The answer's constructor, for a row whose columns no type checker knows."""


async def shown(session: AsyncSession, user_id: UUID, *, base_url: str) -> UserAnswer:
    """Show an account that is there, with its place in the company; `base_url` is where browsers reach this API."""
    row = await _SHOWN.one(session, user_id=user_id)
    role_name, photo, places = row[len(_COLUMNS) :]
    placed = _PLACES.decode(places)
    return _ANSWER(  # positional: so many keyword arguments would take many times as long
        *row[: len(_COLUMNS)],
        role_name=role_name,
        is_active=row.status is UserStatus.ACTIVE,
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
            *(role.c.web_word if name == "role" else _TABLE.c[name] for name in _COLUMNS),
            _TABLE.c.role.label("role_name"),
            _TABLE.c.profile_photo_key,
            func.json_build_object(*parts).cast(Text),
        )
        .select_from(source)
        .where(_TABLE.c.id == bindparam("user_id", type_=Uuid()))
    )


_TABLE: Final = User.__table__
_COLUMNS: Final = tuple(name for name in UserAnswer.__struct_fields__ if name in _TABLE.c)
_SHOWN: Final = Written(_shown())
_PLACES: Final = Decoder(_Places)

ACTIVE_FOR: Final = timedelta(days=30)
DORMANT_AFTER: Final = timedelta(days=90)


def conditions(wanted: UserFilter, roles: Sequence[str] | None, *, at: datetime) -> Iterator[ColumnElement[bool]]:
    """Turn a filter into conditions; `roles` are those that the wanted word stands for."""
    yield from (
        getattr(User, name) == value
        for name in ("status", "department_id", "branch_id", "position_id")
        if (value := getattr(wanted, name)) is not None
    )
    if roles is not None:
        yield User.role.in_(roles)
    if wanted.search and wanted.search.strip():
        yield or_(*_found(wanted.search, wanted.search_fields))
    yield from _moments(wanted)
    yield from _activity(wanted, at=at)


def _moments(wanted: UserFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.created_from is not None:
        yield User.created_at >= begin_of(wanted.created_from)
    if wanted.created_to is not None:
        yield User.created_at < end_of(wanted.created_to)
    if wanted.last_login_from is not None:
        yield User.last_login_at >= begin_of(wanted.last_login_from)
    if wanted.last_login_to is not None:
        yield User.last_login_at < end_of(wanted.last_login_to)


def _activity(wanted: UserFilter, *, at: datetime) -> Iterator[ColumnElement[bool]]:
    match wanted.activity_level:
        case ActivityLevel.ACTIVE:
            yield User.last_login_at >= at - ACTIVE_FOR
        case ActivityLevel.DORMANT:
            yield User.last_login_at < at - DORMANT_AFTER
        case ActivityLevel.NEVER_LOGGED_IN:
            yield User.last_login_at.is_(None)
    if wanted.inactive_days is not None:
        # An account that was never used counts as inactive since it was opened.
        yield func.coalesce(User.last_activity_at, User.created_at) <= at - timedelta(days=wanted.inactive_days)


def _found(text: str, fields: frozenset[SearchField]) -> Iterator[ColumnElement[bool]]:
    if fields >= PARTS_OF_A_NAME:  # a space: first and last name together, which neither column holds
        fields = (fields - PARTS_OF_A_NAME) | {SearchField.NAME}
    for field in sorted(fields):  # in one order, so that the prepared statement is found again
        if field is SearchField.PHONE_NUMBER:
            yield found_by(User.phone_index, phone_key(text), of="phone")
        elif field is SearchField.NAME or field in PARTS_OF_A_NAME:
            yield called(User.full_name if field is SearchField.NAME else getattr(User, field), text)
        else:
            yield contains(getattr(User, field), text)


def order(name: str, *, descending: bool) -> tuple[Key, Key]:
    """Sort both columns in the same direction, as the index on `created_at` is built."""
    return Key(getattr(User, name), descending=descending), Key(User.id, descending=descending)


def told(wanted: UserFilter) -> dict[str, str]:
    """Record by what accounts were chosen; searched text may be somebody's name and is left out."""
    unsaid = {"search", "search_fields", "sort_by", "descending"}
    fields = (name for name in wanted.__struct_fields__ if name not in unsaid)
    return {name: str(value) for name in fields if (value := getattr(wanted, name)) is not None}
