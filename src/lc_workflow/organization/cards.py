"""Small views of branches, departments, positions and employees, for answers that show them inside others."""

from uuid import UUID

from msgspec import Struct


class BranchCard(Struct, frozen=True):
    """A branch, as others show it."""

    id: UUID
    name: str
    code: str
    is_active: bool


class DepartmentCard(Struct, frozen=True):
    """A department, as others show it."""

    id: UUID
    name: str
    code: str
    is_active: bool


class PositionCard(Struct, frozen=True):
    """A position, as others show it."""

    id: UUID
    name: str
    is_active: bool


class EmployeeCard(Struct, frozen=True):
    """An employee, as others show them."""

    id: UUID
    employee_code: str
    full_name_khmer: str
    full_name_latin: str
    position: str | None
    is_active: bool
