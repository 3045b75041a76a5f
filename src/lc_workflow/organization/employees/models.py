"""Employees as rows, and the codes that are set aside for future ones."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, validates

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND, Sealed, blind


class Employee(DatedRow):
    """Somebody who works for the institution; `employee_code` is four digits, `position` free text."""

    __tablename__ = "employees"
    __table_args__ = (
        Index("ix_employees_branch_id", "branch_id"),
        Index("ix_employees_department_id", "department_id"),
        Index("ix_employees_phone_index", "phone_index"),
    )

    employee_code: Mapped[str] = mapped_column(String(4), unique=True)
    full_name_khmer: Mapped[str] = mapped_column(String(200))
    full_name_latin: Mapped[str] = mapped_column(String(200))
    phone_number: Mapped[str | None] = mapped_column(Sealed("employees.phone_number"))
    phone_index: Mapped[bytes | None] = mapped_column(BLIND)
    email: Mapped[str | None] = mapped_column(String(254))
    position: Mapped[str | None] = mapped_column(String(200))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id"))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id"))
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", use_alter=True, ondelete="SET NULL"), unique=True
    )
    is_active: Mapped[bool] = mapped_column(default=True)
    notes: Mapped[str | None]

    department: Mapped[Department | None] = relationship(lazy="raise")
    branch: Mapped[Branch | None] = relationship(lazy="raise")

    @validates("phone_number")
    def _index(self, _: str, number: str | None) -> str | None:
        """Keep what a number is found by beside it."""
        self.phone_index = blind(phone_key(number), of="phone")
        return number

    def indexes(self) -> dict[str, bytes | None]:
        """What its number is found by."""
        return {"phone_index": blind(phone_key(self.phone_number), of="phone")}


WHOLE = [joinedload(Employee.department), joinedload(Employee.branch)]
"""The loads an answer about an employee needs: everything in one statement."""


class CodeReservation(Row):
    """Employee codes that are not given out automatically until `expires_at`; they can still be asked for by name."""

    __tablename__ = "employee_code_reservations"

    codes: Mapped[list[str]] = mapped_column(ARRAY(String(4)))
    expires_at: Mapped[datetime]
