"""Planting the institution: departments, positions, branches, employees and the accounts they sign in with."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import select

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.sessions.schemas import FirstAdmin
from lc_workflow.identity.sessions.service import AdministratorService
from lc_workflow.identity.users.schemas import NewUser, UserChange
from lc_workflow.identity.users.service import AccountBook, UserService
from lc_workflow.lending.events import GAZETTEER
from lc_workflow.lending.gazetteer.service import GazetteerService
from lc_workflow.organization.branches.schemas import BranchChange, NewBranch
from lc_workflow.organization.branches.service import BranchService
from lc_workflow.organization.departments.models import Department as DepartmentRow
from lc_workflow.organization.departments.schemas import NewDepartment
from lc_workflow.organization.departments.service import DepartmentService
from lc_workflow.organization.employees.schemas import EmployeeChange, NewEmployee
from lc_workflow.organization.employees.service import EmployeeService
from lc_workflow.organization.positions.models import Position as PositionRow
from lc_workflow.organization.positions.schemas import NewPosition
from lc_workflow.organization.positions.service import PositionService
from lc_workflow.seeding.calendar import moment
from lc_workflow.seeding.data import Account, Base, Branch, Department, Institution, Person, Position
from lc_workflow.seeding.standing import FIRST
from lc_workflow.seeding.steps import HOUSE, Step, Turn
from lc_workflow.system.settings.service import SettingService

FOUNDED: Final = 40
"""How many working days ago the demo institution opened: before its first application."""

ADMIN: Final = "admin"
"""The user name of the first administrator, who opens everything else."""

Deed: TypeAlias = tuple[str, str | None, Callable[[Turn], Awaitable[UUID]]]
"""A step that has no moment yet."""


def base_steps(base: Base, *, at: datetime) -> Iterator[Step]:
    """Add the settings, departments and positions that are missing; what is there stays as it is."""
    yield Step("settings", at, None, _initialize)
    for department in base.departments:
        yield Step(f"department/{department.code}", at, None, partial(_open_department, department))
    for position in base.positions:
        yield Step(f"position/{position.name}", at, None, partial(_open_position, position))


def gazetteer_step(places: str, *, at: datetime) -> Step:
    """Take in the provinces; `make gazetteer` brings the whole list."""
    return Step("gazetteer", at, None, partial(_load_places, places))


def institution_steps(institution: Institution, *, now: datetime) -> Iterator[Step]:
    """Open the demo institution: the first administrator, branches, employees, accounts, and who belongs to whom."""
    opening = moment(FOUNDED, time(8), now=now)
    for minute, deeds in enumerate(_deeds(institution)):
        for key, by, take in deeds:
            yield Step(key, opening + timedelta(minutes=minute), by, take)


def _deeds(institution: Institution) -> Iterator[list[Deed]]:
    """List what is done, a list for each minute."""
    branches, people = institution.branches, institution.people
    accounts = [(person, person.account) for person in people if person.account]
    admin = next(person for person, account in accounts if account.username == ADMIN)
    yield [(FIRST, None, partial(_set_up, admin))]
    yield [(f"branch/{branch.code}", ADMIN, partial(_open_branch, branch)) for branch in branches]
    for person in people:
        if person.code:
            yield [(f"person/{person.code}", ADMIN, partial(_hire, person))]
    yield [
        (f"account/{account.username}", ADMIN, partial(_open_account, person, account))
        for person, account in accounts
        if person is not admin
    ]
    yield [
        (f"person/{person.code}/account", ADMIN, partial(_tie, person, account))
        for person, account in accounts
        if person.code
    ]
    yield [(f"{FIRST}/place", ADMIN, partial(_take_place, admin))]
    yield [(f"branch/{branch.code}/manager", ADMIN, partial(_appoint, branch)) for branch in branches]


async def _initialize(turn: Turn) -> UUID:
    await SettingService(turn.session).initialize(principal=turn.principal, at=turn.at)
    return HOUSE.id


async def _load_places(places: str, turn: Turn) -> UUID:
    await GazetteerService(turn.session).load(places.splitlines(), at=turn.at)
    return GAZETTEER


async def _open_department(department: Department, turn: Turn) -> UUID:
    known = await turn.session.scalar(select(DepartmentRow.id).where(DepartmentRow.code == department.code))
    if known:
        return known
    wish = NewDepartment(code=department.code, name=department.name, description=department.description)
    return (await DepartmentService(turn.session).open(wish, principal=turn.principal, at=turn.at)).id


async def _open_position(position: Position, turn: Turn) -> UUID:
    known = await turn.session.scalar(select(PositionRow.id).where(PositionRow.name == position.name))
    if known:
        return known
    wish = NewPosition(name=position.name, description=position.description)
    return (await PositionService(turn.session).open(wish, principal=turn.principal, at=turn.at)).id


async def _set_up(person: Person, turn: Turn) -> UUID:
    administrators = AdministratorService(
        turn.session, passwords=turn.means.passwords, policy=turn.means.settings.passwords
    )
    last_name, first_name = _names(person)
    wish = FirstAdmin(ADMIN, _address(ADMIN), first_name, last_name, turn.means.demo_password)
    return (await administrators.set_up_first_admin(wish, at=turn.at)).id


async def _open_branch(branch: Branch, turn: Turn) -> UUID:
    wish = NewBranch(
        name=branch.name,
        code=branch.code,
        address=branch.address,
        phone_number=branch.phone_number,
        email=branch.email,
        latitude=branch.latitude,
        longitude=branch.longitude,
        region=branch.region,
    )
    return (await BranchService(turn.session).open(wish, principal=turn.principal, at=turn.at)).id


async def _hire(person: Person, turn: Turn) -> UUID:
    assert person.code  # noqa: S101 - only such people are hired
    wish = NewEmployee(
        employee_code=person.code,
        full_name_khmer=person.full_name_khmer,
        full_name_latin=person.full_name_latin,
        phone_number=person.phone_number,
        position=person.position,
        department_id=turn.made[f"department/{person.department}"],
        branch_id=_branch(person, turn),
    )
    hired = await EmployeeService(turn.session).hire(
        wish, accounts=AccountBook(turn.session), principal=turn.principal, at=turn.at
    )
    return hired.id


async def _open_account(person: Person, account: Account, turn: Turn) -> UUID:
    last_name, first_name = _names(person)
    wish = NewUser(
        username=account.username,
        email=_address(account.username),
        password=turn.means.demo_password,
        first_name=first_name,
        last_name=last_name,
        phone_number=person.phone_number,
        employee_id=person.code,
        role=account.role,
        department_id=turn.made[f"department/{person.department}"],
        branch_id=_branch(person, turn),
        position_id=turn.made[f"position/{person.position}"],
        portfolio_id=turn.made[f"person/{person.code}"] if account.role is Role.OFFICER else None,
        line_manager_id=turn.made[f"person/{person.line_manager}"] if person.line_manager else None,
    )
    return (await _users(turn).open(wish, principal=turn.principal, at=turn.at)).id


async def _tie(person: Person, account: Account, turn: Turn) -> UUID:
    employee = await EmployeeService(turn.session).change(
        turn.made[f"person/{person.code}"],
        EmployeeChange(user_id=turn.made[f"account/{account.username}"]),
        accounts=AccountBook(turn.session),
        principal=turn.principal,
        at=turn.at,
    )
    return employee.id


async def _take_place(person: Person, turn: Turn) -> UUID:
    wish = UserChange(
        phone_number=person.phone_number,
        employee_id=person.code or None,
        department_id=turn.made[f"department/{person.department}"],
        position_id=turn.made[f"position/{person.position}"],
    )
    return (await _users(turn).change(turn.principal.id, wish, principal=turn.principal, at=turn.at)).id


async def _appoint(branch: Branch, turn: Turn) -> UUID:
    changed = await BranchService(turn.session).change(
        turn.made[f"branch/{branch.code}"],
        BranchChange(manager_id=turn.made[f"account/{branch.manager}"]),
        principal=turn.principal,
        at=turn.at,
    )
    return changed.id


def _users(turn: Turn) -> UserService:
    return UserService(turn.session, passwords=turn.means.passwords, policy=turn.means.settings.passwords)


def _branch(person: Person, turn: Turn) -> UUID | None:
    return turn.made[f"branch/{person.branch}"] if person.branch else None


def _names(person: Person) -> tuple[str, str]:
    """Take a Latin name apart: the family's first, as it is written."""
    last_name, _, first_name = person.full_name_latin.title().partition(" ")
    return last_name, first_name


def _address(username: str) -> str:
    return f"{username}@demo.example"
