"""People who leave, as rows."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row


class Offboarding(Row):
    """Somebody leaves: why, their last day at work, and who takes over; open until it is completed."""

    __tablename__ = "offboardings"
    __table_args__ = (
        Index("ix_offboardings_user_id", "user_id"),
        Index("uq_offboardings_open", "user_id", unique=True, postgresql_where=text("completed_at IS NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None]
    last_day: Mapped[date | None]
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    initiated_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    initiated_at: Mapped[datetime]
    completed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    completed_at: Mapped[datetime | None]
    handed_over: Mapped[int] = mapped_column(default=0)
