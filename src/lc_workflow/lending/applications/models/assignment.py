"""The employees who look after applications, as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class Assignment(Row):
    """An employee looking after an application in a role; ended assignments are kept for the record.

    `written_as` is the name on the application that the assignment was made from, if nobody assigned the employee.
    """

    __tablename__ = "application_employee_assignments"
    __table_args__ = (
        Index("ix_application_employee_assignments_application_id", "application_id"),
        Index("ix_application_employee_assignments_employee_id", "employee_id"),
        Index(
            "uq_application_employee_assignments_active",
            "application_id",
            "employee_id",
            "assignment_role",
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    employee_id: Mapped[UUID] = mapped_column(ForeignKey("employees.id"))
    assignment_role: Mapped[AssignmentRole] = mapped_column(choice(AssignmentRole))
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    is_active: Mapped[bool] = mapped_column(default=True)
    notes: Mapped[str | None]
    written_as: Mapped[str | None] = mapped_column(String(200))

    employee: Mapped[Employee] = relationship(lazy="raise")


WITH_EMPLOYEE = joinedload(Assignment.employee, innerjoin=True).options(
    joinedload(Employee.department), joinedload(Employee.branch)
)
"""The loads an answer about an assignment needs."""
