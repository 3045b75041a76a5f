"""Facts that the organization announces."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


class BranchOpened(Event, frozen=True, kw_only=True):
    """A branch was opened."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    code: str


class BranchChanged(Event, frozen=True, kw_only=True):
    """Fields of a branch were changed; `fields` names them."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    fields: tuple[str, ...]


class BranchClosed(Event, frozen=True, kw_only=True):
    """A branch was closed."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID


class DepartmentOpened(Event, frozen=True, kw_only=True):
    """A department was opened."""

    subject: ClassVar[str] = "department"
    department_id: UUID
    code: str


class DepartmentChanged(Event, frozen=True, kw_only=True):
    """Fields of a department were changed; `fields` names them."""

    subject: ClassVar[str] = "department"
    department_id: UUID
    fields: tuple[str, ...]


class DepartmentClosed(Event, frozen=True, kw_only=True):
    """A department was closed."""

    subject: ClassVar[str] = "department"
    department_id: UUID


class PositionOpened(Event, frozen=True, kw_only=True):
    """A position was opened."""

    subject: ClassVar[str] = "position"
    position_id: UUID
    name: str


class PositionChanged(Event, frozen=True, kw_only=True):
    """Fields of a position were changed; `fields` names them."""

    subject: ClassVar[str] = "position"
    position_id: UUID
    fields: tuple[str, ...]


class PositionClosed(Event, frozen=True, kw_only=True):
    """A position was closed."""

    subject: ClassVar[str] = "position"
    position_id: UUID


class EmployeeHired(Event, frozen=True, kw_only=True):
    """Somebody began to work here."""

    subject: ClassVar[str] = "employee"
    employee_id: UUID
    employee_code: str


class EmployeeChanged(Event, frozen=True, kw_only=True):
    """Fields of an employee were changed; `fields` names them."""

    subject: ClassVar[str] = "employee"
    employee_id: UUID
    fields: tuple[str, ...]


class EmployeeRetired(Event, frozen=True, kw_only=True):
    """Somebody stopped working here."""

    subject: ClassVar[str] = "employee"
    employee_id: UUID


class EmployeeCodesReserved(Event, frozen=True, kw_only=True):
    """Employee codes were set aside until `expires_at`."""

    subject: ClassVar[str] = "code_reservation"
    code_reservation_id: UUID
    codes: tuple[str, ...]
    expires_at: datetime


class HoursSet(Event, frozen=True, kw_only=True):
    """When a branch is at work was set."""

    subject: ClassVar[str] = "branch"
    branch_id: UUID
    time_zone: str


class AboutHoliday(Event, frozen=True, kw_only=True):
    """A fact about one holiday, on `day`."""

    subject: ClassVar[str] = "holiday"
    holiday_id: UUID
    day: str


class HolidayAdded(AboutHoliday, frozen=True, kw_only=True):
    """A day became a holiday, of one branch or of all."""


class HolidayRemoved(AboutHoliday, frozen=True, kw_only=True):
    """A holiday became an ordinary day again."""
