"""Customers and their accounts as rows."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.terms import IdCardType, MaritalStatus, Sex
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import choice


class Customer(DatedRow):
    """One person who borrows, as they were first written down.

    `identity_key` is the type and the normalised number of their identity paper: what makes them the same person.
    """

    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_branch_id", "branch_id"),
        Index("ix_customers_phone", "phone", postgresql_where=text("phone IS NOT NULL")),
    )

    identity_key: Mapped[str | None] = mapped_column(String(140), unique=True)
    id_card_type: Mapped[IdCardType | None] = mapped_column(choice(IdCardType))
    id_number: Mapped[str | None] = mapped_column(String(100))
    full_name_khmer: Mapped[str | None] = mapped_column(String(200))
    full_name_latin: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    date_of_birth: Mapped[date | None]
    sex: Mapped[Sex | None] = mapped_column(choice(Sex))
    marital_status: Mapped[MaritalStatus | None] = mapped_column(choice(MaritalStatus))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id"))


class Account(Row):
    """An account id at the counter, and the one customer it belongs to."""

    __tablename__ = "customer_accounts"

    account_id: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    created_at: Mapped[datetime]
