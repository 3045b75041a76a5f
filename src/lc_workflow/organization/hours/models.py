"""Hours and holidays as rows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow, Row


class BranchHours(DatedRow):
    """The hours of one branch; a branch without a row keeps office hours.

    `week` lists its working days as `{weekday, opens, closes, lunch_begins, lunch_ends}`, Monday being 1, in the
    branch's `time_zone`.
    """

    __tablename__ = "branch_hours"

    branch_id: Mapped[UUID] = mapped_column(ForeignKey("branches.id", ondelete="CASCADE"), unique=True)
    time_zone: Mapped[str] = mapped_column(String(60))
    week: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class Holiday(Row):
    """A day on which a branch is closed, or with no branch the whole institution."""

    __tablename__ = "holidays"
    __table_args__ = (
        UniqueConstraint("day", "branch_id", name="uq_holidays_day_branch_id", postgresql_nulls_not_distinct=True),
        Index("ix_holidays_branch_id_day", "branch_id", "day"),
    )

    day: Mapped[date]
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
