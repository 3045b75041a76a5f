"""Branches, departments, positions and employees of the old service."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.identity.users.models import User
from lc_workflow.moving.old import Row as OldRow
from lc_workflow.moving.reading import degrees, name, text
from lc_workflow.moving.report import Known, Part, Unfit
from lc_workflow.moving.taking import LONGEST_NAME, NAMELESS, Taking
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.organization.rules.codes import LENGTH, NOBODY, NoCodeLeft, is_code, next_codes

Place = type[Branch] | type[Department] | type[Position]

SAME: Final = "one of ours has this code or name: it is the same"
DANGLING: Final = "it named a row that is not there, which is left out"
NEW_CODE: Final = "its code was not four free digits; it got a new one, and the old one is in its notes"
LINKED: Final = "its account is another employee's already, so it has none"


async def take_places(taking: Taking) -> None:
    """Take branches, departments and positions; one of ours with the same code, or name, is the same."""
    await _take(taking, "branches", taking.branches, Branch, _branch)
    await _take(taking, "departments", taking.departments, Department, _department)
    await _take(taking, "positions", taking.positions, Position, _position)


async def _take(
    taking: Taking, table: str, known: Known, kind: Place, columns: Callable[[OldRow], dict[str, Any]]
) -> None:
    key = "name" if kind is Position else "code"
    ours: dict[str, UUID] = {
        row.key: row.id for row in await taking.session.execute(select(getattr(kind, key).label("key"), kind.id))
    }
    async for row, part in taking.unseen(table, known, kind):
        try:
            values = _named(columns(row), key) | taking.dated(row)
        except Unfit as why:
            part.refuse(str(why), row["id"])
            continue
        if same := ours.get(values[key]):
            known.ids[row["id"]] = same
            part.there_already += 1
            part.mend(SAME, row["id"])
        elif await taking.put(part, row["id"], kind(id=row["id"], **values), known=known):
            ours[values[key]] = row["id"]


def _named(values: dict[str, Any], key: str) -> dict[str, Any]:
    if not values["name"] or not values[key]:
        raise Unfit(NAMELESS)
    return values


def _branch(row: OldRow) -> dict[str, Any]:
    return {
        "name": name(row["name"]),
        "code": text(row["code"]),
        "address": text(row.get("address")),
        "phone_number": text(row.get("phone_number")),
        "email": text(row.get("email")),
        "is_active": row.get("is_active") is not False,
        "latitude": degrees(row.get("latitude")),
        "longitude": degrees(row.get("longitude")),
    }


def _department(row: OldRow) -> dict[str, Any]:
    return {
        "name": name(row["name"]),
        "code": text(row["code"]),
        "description": text(row.get("description")),
        "is_active": row.get("is_active") is not False,
    }


def _position(row: OldRow) -> dict[str, Any]:
    return {
        "name": name(row["name"]),
        "description": text(row.get("description")),
        "is_active": row.get("is_active") is not False,
    }


def placed(taking: Taking, row: OldRow, part: Part) -> dict[str, UUID | None]:
    """The place where somebody works, as far as it is here."""
    found = {}
    for column, known in (
        ("department_id", taking.departments),
        ("branch_id", taking.branches),
        ("position_id", taking.positions),
    ):
        found[column] = known.get(row.get(column))
        if row.get(column) is not None and found[column] is None:
            part.mend(DANGLING, row["id"])
    return found


async def take_employees(taking: Taking) -> None:
    """Take the employees, with the accounts they have; each with a code of four digits that is theirs alone."""
    codes = set(await taking.session.scalars(select(Employee.employee_code)))
    linked = set(await taking.session.scalars(select(Employee.user_id).where(Employee.user_id.is_not(None))))
    async for row, part in taking.unseen("employees", taking.employees, Employee):
        try:
            employee = _employee(taking, row, part, codes)
        except (Unfit, NoCodeLeft) as why:
            part.refuse(str(why), row["id"])
            continue
        if employee.user_id in linked:
            employee.user_id = None
            part.mend(LINKED, row["id"])
        if await taking.put(part, row["id"], employee, known=taking.employees):
            codes.add(employee.employee_code)
            linked |= {employee.user_id} if employee.user_id else set()


def _employee(taking: Taking, row: OldRow, part: Part, codes: set[str]) -> Employee:
    khmer, latin = name(row["full_name_khmer"]), name(row["full_name_latin"])
    if not khmer and not latin:
        raise Unfit(NAMELESS)
    dated = taking.dated(row)
    written, notes = text(row["employee_code"]) or "", text(row.get("notes"))
    code = written.zfill(LENGTH)
    if not is_code(code) or code == NOBODY or code in codes:
        (code,) = next_codes(codes)
        notes = "\n".join(filter(None, (notes, f"Code in the old service: {written}")))
        part.mend(NEW_CODE, row["id"])
    where = placed(taking, row, part)
    return Employee(
        id=row["id"],
        employee_code=code,
        full_name_khmer=(khmer or latin or "")[:LONGEST_NAME],
        full_name_latin=(latin or khmer or "")[:LONGEST_NAME],
        phone_number=text(row.get("phone_number")),
        email=text(row.get("email")),
        position=text(row.get("position")),
        department_id=where["department_id"],
        branch_id=where["branch_id"],
        user_id=taking.users.get(row.get("user_id")),
        is_active=row.get("is_active") is not False,
        notes=notes,
        **dated,
    )


async def appoint(taking: Taking) -> None:
    """Set who leads branches, departments and people, once all of them are here; what was set here stays.

    An old id means an account or an employee, depending on the release: here a branch is led by an account, a person by
    an employee.
    """
    account_of: dict[UUID | None, UUID] = {}
    employee_of: dict[UUID | None, UUID] = {}
    having = select(Employee.id, Employee.user_id).where(Employee.user_id.is_not(None))
    for row in await taking.session.execute(having):
        account_of[row.id], employee_of[row.user_id] = row.user_id, row.id

    def account(old_id: UUID | None) -> UUID | None:
        return taking.users.get(old_id) or account_of.get(taking.employees.get(old_id))

    def employee(old_id: UUID | None) -> UUID | None:
        return taking.employees.get(old_id) or employee_of.get(taking.users.get(old_id))

    await _lead(taking, "branches", taking.branches, Branch.manager_id, account)
    await _lead(taking, "departments", taking.departments, Department.manager_id, account)
    await _lead(taking, "users", taking.users, User.line_manager_id, employee)
    await _lead(taking, "users", taking.users, User.portfolio_id, employee)


async def _lead(
    taking: Taking,
    table: str,
    known: Known,
    field: InstrumentedAttribute[UUID | None],
    find: Callable[[UUID | None], UUID | None],
) -> None:
    """Fill in one column with a leader, where it is empty."""
    row = field.class_
    async for old in taking.old.rows(table):
        if (ours := known.get(old["id"])) and (found := find(old.get(field.key))):
            change = update(row).where(row.id == ours, field.is_(None)).values({field: found})
            await taking.session.execute(change.execution_options(synchronize_session=False))
