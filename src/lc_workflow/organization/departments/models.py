"""Departments as rows."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow


class Department(DatedRow):
    """A part of the company across branches, such as credit or operations."""

    __tablename__ = "departments"

    name: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(20), unique=True)
    description: Mapped[str | None]
    manager_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", use_alter=True, ondelete="SET NULL"))
    is_active: Mapped[bool] = mapped_column(default=True)
