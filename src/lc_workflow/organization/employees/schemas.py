"""Employees and their codes as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, convert
from msgspec.structs import replace

from lc_workflow.organization.cards import BranchCard, DepartmentCard, EmployeeCard
from lc_workflow.organization.ports import AccountCard
from lc_workflow.organization.rules.codes import ANY, LENGTH
from lc_workflow.platform.http.shapes import Email, Line, Name, Note, Phone
from lc_workflow.platform.security.personal import masked

EmployeeCode = Annotated[
    str, Meta(min_length=LENGTH, max_length=LENGTH, pattern="^[0-9]{4}$", extra={"form": "be four digits like 0042"})
]
CODE_PATTERN = r"^[0-9?]{4}$(?!\n)"
"""What the rules take for a pattern of codes; they refuse others with a sentence that shows one."""


class EmployeeAnswer(Struct, frozen=True, kw_only=True):
    """An employee with their place in the company; `linked_user` is there for those who may see the account."""

    id: UUID
    employee_code: str
    full_name_khmer: str
    full_name_latin: str
    phone_number: str | None
    email: str | None
    position: str | None
    department_id: UUID | None
    branch_id: UUID | None
    user_id: UUID | None
    is_active: bool
    notes: str | None
    department: DepartmentCard | None
    branch: BranchCard | None
    linked_user: AccountCard | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, employee: object, account: AccountCard | None) -> Self:
        """Show an `Employee` row loaded with `WHOLE`."""
        return replace(convert(employee, cls, from_attributes=True), linked_user=account)

    def masked(self) -> Self:
        """The same with their telephone masked."""
        return replace(self, phone_number=masked(self.phone_number))


class NewEmployee(Struct, frozen=True, kw_only=True):
    """Somebody to hire; without a code they get the next free one."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "employee_code": "1207",
        "full_name_khmer": "កែវ វិចិត្រា",
        "full_name_latin": "KEO VICHITRA",
        "phone_number": "012 000 007",
        "email": "vichitra@branch.example",
        "position": "Loan officer",
    }

    employee_code: EmployeeCode | UnsetType = UNSET
    full_name_khmer: Name
    full_name_latin: Name
    phone_number: Phone | None = None
    email: Email | None = None
    position: Line | None = None
    department_id: UUID | None = None
    branch_id: UUID | None = None
    user_id: UUID | None = None
    is_active: bool = True
    notes: Note | None = None


class EmployeeChange(Struct, frozen=True, kw_only=True):
    """What to change about an employee: absent fields stay, null clears."""

    EXAMPLE: ClassVar[dict[str, object]] = {"phone_number": "012 000 002", "position": "Senior loan officer"}

    employee_code: EmployeeCode | UnsetType = UNSET
    full_name_khmer: Name | UnsetType = UNSET
    full_name_latin: Name | UnsetType = UNSET
    phone_number: Phone | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    position: Line | UnsetType | None = UNSET
    department_id: UUID | UnsetType | None = UNSET
    branch_id: UUID | UnsetType | None = UNSET
    user_id: UUID | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    notes: Note | UnsetType | None = UNSET


class NextCode(Struct, frozen=True):
    """The code that the next employee would get."""

    code: str
    pattern: str


class CodeCheck(Struct, frozen=True):
    """Whether somebody could be given a code, and who has it."""

    available: bool
    code: str
    existing_employee: EmployeeCard | None


class CodesWanted(Struct, frozen=True, kw_only=True):
    """How many codes to set aside, and which they should fit."""

    EXAMPLE: ClassVar[dict[str, object]] = {"count": 3, "pattern": "12??"}

    count: Annotated[int, Meta(ge=1, le=100)]
    pattern: Annotated[str, Meta(max_length=200, extra_json_schema={"pattern": CODE_PATTERN})] = ANY


class ReservedCodes(Struct, frozen=True):
    """Codes that nobody else is given by themselves until `expires_at`."""

    codes: list[str]
    count: int
    expires_at: datetime
