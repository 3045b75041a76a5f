"""The employees who look after applications, as rows."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, foreign, joinedload, mapped_column, relationship, selectinload, validates
from sqlalchemy.orm.attributes import flag_modified

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms
from lc_workflow.lending.rules.matching import number_key
from lc_workflow.lending.rules.stages import STATUS_OF, Stage, Status
from lc_workflow.lending.rules.terms import (
    AssignmentRole,
    IdCardType,
    MaritalStatus,
    Priority,
    ProductType,
    RiskCategory,
    Sex,
)
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import AMOUNT, PERCENT, choice
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND, Sealed, blind

class Assignment(Row):
    """An employee looking after an application in a role; ended ones are kept for the record.

    `written_as` is the name on the application that the assignment was made from, when nobody asked the employee.
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
