"""Planning an import: what each row would do, judged by the existing accounts, places and people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

import anyio.to_thread
import msgspec
from msgspec import UNSET
from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.identity.register.schemas import GivenRow, RowError
from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.postings import check_same_branch
from lc_workflow.identity.rules.register import (
    NEEDED,
    REFERENCES,
    ImportMode,
    Place,
    Places,
    RowRefused,
)
from lc_workflow.identity.rules.roles import Role, RoleAboveOwn, check_rank
from lc_workflow.identity.rules.statuses import NoSuchStatusMove, UserStatus, check_beginning
from lc_workflow.identity.users.access import CREATE, IMPORT, UPDATE, in_reach
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import DomainError, Forbidden, Invalid
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.platform.http.csv import Line
from lc_workflow.platform.http.fields import field_errors
from lc_workflow.platform.phones import check_phones
from lc_workflow.platform.security.personal import is_masked

UNIQUE: Final = ("email", "username", "employee_id")
"""The fields that only one account can have."""

PLACE: Final[Mapping[Scope, str]] = {Scope.BRANCH: "branch", Scope.DEPARTMENT: "department"}


_ABOUT: Final[Mapping[type[DomainError], str]] = {NoSuchStatusMove: "status", RoleAboveOwn: "role"}
"""The cell for a refusal that names no field."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a row will do: open an account, or change the account `user_id`."""

    row: int
    values: Mapping[str, Any]
    user_id: UUID | None


@dataclass(slots=True)
class Books:
    """Everything rows are judged by, read once for a whole list."""

    places: Mapping[str, Places]
    branch_of: Mapping[UUID, UUID | None]
    closed: frozenset[UUID]
    """The places that are closed, and the employees who have left."""
    owners: Mapping[tuple[str, str], UUID]
    """Who has a value that only one account can have."""
    reach: frozenset[UUID]
    """The accounts that the importer may change."""
    levels: Mapping[str, int]
    claimed: dict[tuple[str, str], int] = field(default_factory=dict)
    """Which row of this list was the first to use such a value."""


async def judge(
    session: AsyncSession, lines: Sequence[Line], *, mode: ImportMode, principal: Principal
) -> tuple[list[Plan], list[RowError]]:
    """Plan each row, with errors where it cannot be done; other requests are served while thousands are checked."""
    given, malformed = await anyio.to_thread.run_sync(_read, lines)
    books = await _open_books(session, [row for _, row in given], principal)
    planning = partial(_planned, given, books, mode=mode, principal=principal)
    plans, refused = await anyio.to_thread.run_sync(planning)
    return plans, malformed + refused


def _read(lines: Sequence[Line]) -> tuple[list[tuple[int, GivenRow]], list[RowError]]:
    """Read the rows, each with its number and its errors."""
    given: list[tuple[int, GivenRow]] = []
    errors: list[RowError] = []
    for line in lines:
        cells = _cells(line)
        if faults := field_errors(cells, GivenRow):
            errors += [RowError(line.row, fault.field, fault.msg) for fault in faults]
        else:
            given.append((line.row, msgspec.convert(cells, GivenRow, strict=False)))
    return given, errors


def _planned(
    given: Sequence[tuple[int, GivenRow]], books: Books, *, mode: ImportMode, principal: Principal
) -> tuple[list[Plan], list[RowError]]:
    """Plan the rows by these books, with errors."""
    plans: list[Plan] = []
    errors: list[RowError] = []
    for number, row in given:
        try:
            plans.append(_plan(number, row, books, mode=mode, principal=principal))
        except (Invalid, Forbidden) as refusal:
            errors += errors_of(number, refusal)
    return plans, errors


def errors_of(row: int, refusal: DomainError) -> list[RowError]:
    """Which cells of a row a refusal is about."""
    whole = next((column for kind, column in _ABOUT.items() if isinstance(refusal, kind)), "")
    faults = [(error.field, error.msg) for error in refusal.errors] or [(whole, refusal.detail)]
    return [RowError(row, column, message) for column, message in faults]


def _cells(line: Line) -> dict[str, str]:
    """Read the cells by column, and repair what spreadsheets do to them."""
    cells = dict(line.cells)
    for name in ("email", "username", "role", "status"):
        if name in cells:
            cells[name] = cells[name].lower()
    for name in ("first_name", "last_name"):
        if name in cells:
            cells[name] = plain(cells[name]) or cells[name]
    if (number := cells.get("employee_id", "")).isdecimal():
        cells["employee_id"] = number.zfill(4)  # spreadsheets take 0042 for a number
    return cells


async def _open_books(session: AsyncSession, rows: Sequence[GivenRow], principal: Principal) -> Books:
    """Read what the rows are judged by, one query for each kind."""

    def values(name: str) -> list[str]:
        return [value for row in rows if (value := getattr(row, name)) is not UNSET]

    accounts = (
        await session.execute(
            select(
                User.id, User.email, User.username, User.employee_id, in_reach(principal, UPDATE).label("mine")
            ).where(or_(*(getattr(User, name).in_(values(name)) for name in UNIQUE)))
        )
    ).all()
    departments = await _all_of(session, Department.id, Department.is_active, Department.code, Department.name)
    branches = await _all_of(session, Branch.id, Branch.is_active, Branch.code, Branch.name)
    positions = await _all_of(session, Position.id, Position.is_active, Position.name)
    people = await _all_of(session, Employee.id, Employee.is_active, Employee.employee_code, Employee.branch_id)
    employees = Places("employee", [Place(row.id, (row.employee_code,)) for row in people])
    roles = await session.execute(select(CompanyRole.name, CompanyRole.level).where(CompanyRole.is_active))
    return Books(
        places={
            "department": Places("department", [Place(row.id, (row.code, row.name)) for row in departments]),
            "branch": Places("branch", [Place(row.id, (row.code, row.name)) for row in branches]),
            "position": Places("position", [Place(row.id, (row.name,)) for row in positions]),
            "portfolio": employees,
            "line_manager": employees,
        },
        branch_of={row.id: row.branch_id for row in people},
        closed=frozenset(row.id for row in (*departments, *branches, *positions, *people) if not row.is_active),
        owners={
            (name, value): row.id for row in accounts for name in UNIQUE if (value := getattr(row, name)) is not None
        },
        reach=frozenset(row.id for row in accounts if row.mine),
        levels={row.name: row.level for row in roles},
    )


async def _all_of(session: AsyncSession, *columns: InstrumentedAttribute[Any]) -> Sequence[Row[*tuple[Any, ...]]]:
    return (await session.execute(select(*columns))).all()


def _plan(number: int, row: GivenRow, books: Books, *, mode: ImportMode, principal: Principal) -> Plan:
    """Plan one row.

    Raises:
        RowRefused: It cannot do anything, and why.
    """
    user_id = books.owners.get(("email", row.email))
    if user_id is not None and mode is ImportMode.CREATE_ONLY:
        raise RowRefused(("email", "there is an account with this address already"))
    if user_id is None and mode is ImportMode.UPDATE_ONLY:
        raise RowRefused(("email", "there is no account with this address"))
    if user_id is not None and user_id not in books.reach:
        raise RowRefused(("email", "this account is not yours to change"))
    values = _resolved(row, books)
    _check_unique(values, user_id, books)
    if user_id is None:
        values = {"role": Role.OFFICER.value, "status": UserStatus.PENDING} | values
    if "role" in values:
        check_rank(principal.level, {values["role"]: books.levels[values["role"]]})
    if user_id is None:
        _check_new(values, books, principal)
    books.claimed.update({(name, values[name]): number for name in UNIQUE if name in values})
    return Plan(number, values, user_id)


def _resolved(row: GivenRow, books: Books) -> dict[str, Any]:
    """Turn the names of places and people into ids."""
    values: dict[str, Any] = {}
    faults: list[tuple[str, str]] = []
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if value is UNSET or (name == "phone_number" and is_masked(value)):  # an export shows it masked to some
            continue
        if name not in REFERENCES:
            values[name] = value
            continue
        try:
            values[f"{name}_id"] = books.places[name].find(name, value)
        except RowRefused as refusal:
            faults += [(error.field, error.msg) for error in refusal.errors]
    if values.get("role", Role.OFFICER) not in books.levels:
        faults.append(("role", f"there is no role called “{values['role']}”"))
    if faults:
        raise RowRefused(*faults)
    return values


def _check_unique(values: Mapping[str, Any], user_id: UUID | None, books: Books) -> None:
    """Refuse a value that another row or account already has, where only one can."""
    keys = [(name, values[name]) for name in UNIQUE if name in values]
    faults = [
        (name, f"row {first} has it already") for name, value in keys if (first := books.claimed.get((name, value)))
    ]
    faults += [(name, "is taken") for name, value in keys if books.owners.get((name, value), user_id) != user_id]
    if faults:
        raise RowRefused(*faults)


def _check_new(values: Mapping[str, Any], books: Books, principal: Principal) -> None:
    """Refuse a new account that lacks something, or that the importer may not open."""
    if not principal.may(CREATE):
        raise RowRefused(("email", "there is no account with this address, and you may not open one"))
    if missing := [(name, "is needed for a new account") for name in NEEDED if name not in values]:
        raise RowRefused(*missing)
    if unused := [(name, "is closed") for name in REFERENCES if values.get(f"{name}_id") in books.closed]:
        raise RowRefused(*unused)
    for scope in {principal.scope_of(IMPORT), principal.scope_of(CREATE)} - {Scope.ALL}:
        column = PLACE.get(scope, "branch") if scope else "branch"
        own = getattr(principal, f"{column}_id")
        if own is None or values.get(f"{column}_id") != own:
            raise RowRefused((column, f"you may open accounts in your own {column} only"))
    check_beginning(values["status"])
    check_phones(values, "phone_number")
    branches = [
        books.branch_of.get(values[name]) if name in values else None for name in ("portfolio_id", "line_manager_id")
    ]
    check_same_branch(values.get("branch_id"), portfolio=branches[0], line_manager=branches[1])
