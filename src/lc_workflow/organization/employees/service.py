"""Hiring, changing and retiring employees, and choosing their codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec import UNSET
from sqlalchemy import ColumnElement, delete, func, or_, select, union_all

from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.employees.access import CREATE, DELETE, UPDATE, reaches, visible_to
from lc_workflow.organization.employees.models import WHOLE, CodeReservation, Employee
from lc_workflow.organization.employees.queries import check_in_use
from lc_workflow.organization.employees.schemas import EmployeeChange, NewEmployee
from lc_workflow.organization.events import EmployeeChanged, EmployeeCodesReserved, EmployeeHired, EmployeeRetired
from lc_workflow.organization.ports import AccountDirectory
from lc_workflow.organization.rules.codes import ANY, RESERVED_FOR, next_codes
from lc_workflow.organization.rules.references import NoSuchAccount
from lc_workflow.platform.db.locks import Lock, take
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.phones import check_phones, phone_key
from lc_workflow.platform.search import called
from lc_workflow.platform.security.columns import found_by
from lc_workflow.platform.security.personal import refuse_masked, without_masked
from lc_workflow.platform.service import Service

PLACE: Final = frozenset({"branch_id", "department_id"})
"""Where somebody works."""

SEARCHED: Final = (
    Employee.full_name_latin,
    Employee.full_name_khmer,
    Employee.employee_code,
)
"""The columns that a search looks into; a telephone is found by its whole number."""


class EmployeeCodeTaken(Invalid):
    """Another employee has this code."""

    def __init__(self) -> None:
        super().__init__(
            "Another employee already has this code; take the next free one.",
            errors=(FieldError("employee_code", "is taken"),),
        )


class AccountTaken(Invalid):
    """Another employee signs in with this account."""

    def __init__(self) -> None:
        super().__init__(
            "This account already belongs to another employee.", errors=(FieldError("user_id", "is taken"),)
        )


class NotYourBranch(Forbidden):
    """The permission reaches the employees of one branch, and this one works elsewhere."""


class EmployeeSortKey(StrEnum):
    """What a list of employees can be sorted by."""

    EMPLOYEE_CODE = "employee_code"
    FULL_NAME_KHMER = "full_name_khmer"
    FULL_NAME_LATIN = "full_name_latin"
    POSITION = "position"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which employees a list is asked for, and in which order."""

    search: str | None = None
    department_id: UUID | None = None
    branch_id: UUID | None = None
    is_active: bool | None = None
    sort_by: EmployeeSortKey = EmployeeSortKey.EMPLOYEE_CODE
    descending: bool = False


class EmployeeService(Service[Employee]):
    """The employees of the institution."""

    noun = "employee"

    async def page(self, wanted: Wanted, window: Window, *, principal: Principal) -> tuple[Sequence[Employee], int]:
        """List employees with their department and branch, and how many there are in all."""
        where = [visible_to(principal), *_filters(wanted)]
        column = getattr(Employee, wanted.sort_by.value)
        order = column.desc() if wanted.descending else column.asc()
        return await self.page_of(window, *where, by=[order, Employee.id], load=WHOLE)

    async def whole(self, employee_id: UUID, *, principal: Principal) -> Employee:
        """Load an employee with their department and branch.

        Raises:
            Missing: There is no such employee, or the person may not see them.
        """
        return await self.find(visible_to(principal), id=employee_id, load=WHOLE)

    async def hire(
        self, wish: NewEmployee, *, accounts: AccountDirectory, principal: Principal, at: datetime
    ) -> Employee:
        """Hire somebody; without a code they get the next free one, without a branch that of a branch's own manager.

        Raises:
            NotYourBranch: The person hires for another branch than this one.
            EmployeeCodeTaken: Another employee has the code.
            NoCodeLeft: Every code is taken.
            NoSuchAccount: There is no such account, or the person may not see it.
            AccountTaken: The account belongs to another employee.
            NoSuchBranch: There is no such branch.
            NoSuchDepartment: There is no such department.
            NotInUse: One of them is closed.
        """
        async with self.transaction():
            refuse_masked(fields := _written(wish), ["phone_number"])
            check_phones(fields, "phone_number")
            employee = Employee(**fields, created_at=at, updated_at=at)
            if employee.branch_id is None and not reaches(principal, CREATE, employee):
                employee.branch_id = principal.branch_id
            _check_reach(principal, CREATE, employee)
            await _check_account(wish.user_id, accounts, principal)
            await check_in_use(self.session, branch_id=employee.branch_id, department_id=employee.department_id)
            await self._hold_codes()
            if wish.employee_code is UNSET:
                employee.employee_code = await self.next_code(ANY, at=at)
            await self.create(employee)
            self.announce(
                EmployeeHired(
                    actor_id=principal.id, at=at, employee_id=employee.id, employee_code=employee.employee_code
                )
            )
        return employee

    async def change(
        self,
        employee_id: UUID,
        wish: EmployeeChange,
        *,
        accounts: AccountDirectory,
        principal: Principal,
        at: datetime,
    ) -> Employee:
        """Change what the wish names.

        Raises:
            Missing: There is no such employee, or the person may not see them.
            NotYourBranch: The employee works for another branch, or would after the change.
            EmployeeCodeTaken: Another employee has the code.
            NoSuchAccount: There is no such account, or the person may not see it.
            AccountTaken: The account belongs to another employee.
            NoSuchBranch: There is no such branch.
            NoSuchDepartment: There is no such department.
            NotInUse: One of them is closed.
        """
        async with self.transaction():
            employee = await self.find(visible_to(principal), id=employee_id, lock=True)
            _check_reach(principal, UPDATE, employee)
            written = _written(wish).items()
            changes = {name: value for name, value in written if value != getattr(employee, name)}
            changes = without_masked(changes, ["phone_number"])
            if changes:
                await _check_account(changes.get("user_id"), accounts, principal)
                await check_in_use(self.session, **{name: changes[name] for name in PLACE & changes.keys()})
                if "employee_code" in changes:
                    await self._hold_codes()
                owner, number = employee.user_id, employee.phone_number
                for name, value in changes.items():
                    setattr(employee, name, value)
                known_by = (employee.user_id, phone_key(employee.phone_number))
                if owner and number and known_by != (owner, phone_key(number)):
                    await accounts.remember_telephone(owner, number, at=at)
                _check_reach(principal, UPDATE, employee)
                check_phones(changes, "phone_number")
                employee.updated_at = at
                self.announce(
                    EmployeeChanged(
                        actor_id=principal.id, at=at, employee_id=employee.id, fields=tuple(sorted(changes))
                    )
                )
        return employee

    async def retire(self, employee_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Note that somebody left; they stay on record with their code, and doing it again changes nothing.

        Raises:
            Missing: There is no such employee, or the person may not see them.
            NotYourBranch: The employee works for another branch.
        """
        async with self.transaction():
            employee = await self.find(visible_to(principal), id=employee_id, lock=True)
            _check_reach(principal, DELETE, employee)
            if employee.is_active:
                self._retire(employee, by=principal.id, at=at)

    async def leave_with(self, account_id: UUID, *, by: UUID, at: datetime) -> None:
        """Note that whoever signed in with an account left with it, inside the running transaction."""
        leaving = await self.session.scalars(
            select(Employee).where(Employee.user_id == account_id, Employee.is_active).with_for_update()
        )
        for employee in leaving:
            self._retire(employee, by=by, at=at)

    def _retire(self, employee: Employee, *, by: UUID, at: datetime) -> None:
        employee.is_active, employee.updated_at = False, at
        self.announce(EmployeeRetired(actor_id=by, at=at, employee_id=employee.id))

    async def holder_of(self, code: str) -> Employee | None:
        """Find who has a code, whether or not the person asking may see them."""
        return await self.get_one_or_none(employee_code=code)

    async def next_code(self, pattern: str, *, at: datetime) -> str:
        """Tell which code the next employee would get.

        Raises:
            PatternUnreadable: The pattern is not four digits and question marks.
            NoCodeLeft: No fitting code is free.
        """
        (code,) = next_codes(await self._taken_codes(at), pattern=pattern)
        return code

    async def reserve_codes(self, count: int, pattern: str, *, principal: Principal, at: datetime) -> CodeReservation:
        """Set codes aside for a day, so that nobody is given them by themselves meanwhile.

        Raises:
            PatternUnreadable: The pattern is not four digits and question marks.
            NoCodeLeft: Fewer than `count` fitting codes are free.
        """
        async with self.transaction():
            await self._hold_codes()
            codes = next_codes(await self._taken_codes(at), count=count, pattern=pattern)
            await self.session.execute(delete(CodeReservation).where(CodeReservation.expires_at <= at))
            reservation = CodeReservation(id=uuid4(), codes=list(codes), expires_at=at + RESERVED_FOR)
            self.session.add(reservation)
            self.announce(
                EmployeeCodesReserved(
                    actor_id=principal.id,
                    at=at,
                    code_reservation_id=reservation.id,
                    codes=codes,
                    expires_at=reservation.expires_at,
                )
            )
        return reservation

    async def _hold_codes(self) -> None:
        """Wait until nobody else is taking a code, and keep others waiting until the transaction ends."""
        await take(self.session, Lock.TAKE_EMPLOYEE_CODES)

    async def _taken_codes(self, at: datetime) -> set[str]:
        """Collect the codes that people have, retired ones included, and those that are set aside."""
        reserved = select(func.unnest(CodeReservation.codes)).where(CodeReservation.expires_at > at)
        return set(await self.session.scalars(union_all(select(Employee.employee_code), reserved)))


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Turn what was asked for into conditions."""
    where: list[ColumnElement[bool]] = []
    if wanted.search:
        number = found_by(Employee.phone_index, phone_key(wanted.search), of="phone")
        where.append(or_(number, *(called(column, wanted.search) for column in SEARCHED)))
    if wanted.department_id is not None:
        where.append(Employee.department_id == wanted.department_id)
    if wanted.branch_id is not None:
        where.append(Employee.branch_id == wanted.branch_id)
    if wanted.is_active is not None:
        where.append(Employee.is_active.is_(wanted.is_active))
    return where


def _written(wish: NewEmployee | EmployeeChange) -> dict[str, Any]:
    """Take what a wish carries, with names as they look."""
    fields = given(wish)
    return fields | {name: plain(fields[name]) for name in ("full_name_khmer", "full_name_latin") if name in fields}


def _check_reach(principal: Principal, permission: str, employee: Employee) -> None:
    if not reaches(principal, permission, employee):
        raise NotYourBranch("You may do this for the employees of your own branch only.")


async def _check_account(account_id: UUID | None, accounts: AccountDirectory, principal: Principal) -> None:
    """Let nobody tie an employee to an account that they may not see."""
    if account_id is not None and account_id not in await accounts.cards([account_id], principal):
        raise NoSuchAccount
