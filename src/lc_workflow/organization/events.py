"""Facts that the organization announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchOpened(Event):
    """A branch was opened."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchChanged(Event):
    """Fields of a branch were changed; `fields` names them."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchClosed(Event):
    """A branch was closed."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentOpened(Event):
    """A department was opened."""

    subject: ClassVar[str] = "department"
    department_id: UUID
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentChanged(Event):
    """Fields of a department were changed; `fields` names them."""

    subject: ClassVar[str] = "department"
    department_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentClosed(Event):
    """A department was closed."""

    subject: ClassVar[str] = "department"
    department_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionOpened(Event):
    """A position was opened."""

    subject: ClassVar[str] = "position"
    position_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionChanged(Event):
    """Fields of a position were changed; `fields` names them."""

    subject: ClassVar[str] = "position"
    position_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionClosed(Event):
    """A position was closed."""

    subject: ClassVar[str] = "position"
    position_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeHired(Event):
    """Somebody began to work here."""

    subject: ClassVar[str] = "employee"
    employee_id: UUID
    employee_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeChanged(Event):
    """Fields of an employee were changed; `fields` names them."""

    subject: ClassVar[str] = "employee"
    employee_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeRetired(Event):
    """Somebody stopped working here."""

    subject: ClassVar[str] = "employee"
    employee_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeCodesReserved(Event):
    """Employee codes were set aside until `expires_at`."""

    subject: ClassVar[str] = "code_reservation"
    code_reservation_id: UUID
    codes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursSet(Event):
    """When a branch is at work was set."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutHoliday(Event):
    """A fact about one holiday, on `day`."""

    subject: ClassVar[str] = "holiday"
    holiday_id: UUID
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayAdded(AboutHoliday):
    """A day became a holiday, of one branch or of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayRemoved(AboutHoliday):
    """A holiday became an ordinary day again."""
