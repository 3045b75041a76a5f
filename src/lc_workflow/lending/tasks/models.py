"""Tasks as rows."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, SmallInteger, String, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice

OPEN = text("closed_at IS NULL")


class Task(Row):
    """The work on one application at one stage: made by the move that leads there, closed by the one that leaves.

    `excluded` are the accounts that may not do it (lending.md §2). `used_seconds` is the working time it took; without
    `due_at` no clock runs, and `minutes` is the working time it was given when it was opened. `breach_told_at` is when
    others were told that it is late, which happens once; `nobody_told_at` when others were told that nobody may do it,
    and nothing again once somebody may.

    The seat is what a decision waits for (lending.md §2): `seat_code` names the open stage of approval, whose role has
    to be held at least over `seat_reach`, and up to `seat_amount`, unless `seat_needs_limit` is not set and no limit
    is on record.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("uq_tasks_application_id_open", "application_id", unique=True, postgresql_where=OPEN),
        Index("ix_tasks_application_id_cycle_stage", "application_id", "cycle", "stage"),
        Index("ix_tasks_owner_id_due_at", "owner_id", "due_at", "opened_at", "id", postgresql_where=OPEN),
        Index("ix_tasks_branch_id_due_at", "branch_id", "due_at", "opened_at", "id", postgresql_where=OPEN),
        Index("ix_tasks_due_at", "due_at", "opened_at", "id", postgresql_where=OPEN),
        Index(
            "ix_tasks_unclaimed",
            "branch_id",
            "due_at",
            "opened_at",
            "id",
            postgresql_where=text("closed_at IS NULL AND owner_id IS NULL"),
        ),
        Index("ix_tasks_closed_at", "closed_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_tasks_untold", "due_at", postgresql_where=text("closed_at IS NULL AND breach_told_at IS NULL")),
    )

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id"))
    stage: Mapped[Stage] = mapped_column(choice(Stage))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    opened_at: Mapped[datetime]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    owned_at: Mapped[datetime | None]
    excluded: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    minutes: Mapped[int | None]
    at_risk_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    breach_told_at: Mapped[datetime | None]
    nobody_told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    used_seconds: Mapped[int] = mapped_column(default=0)
    seat_code: Mapped[str | None] = mapped_column(String(40))
    seat_role: Mapped[str | None] = mapped_column(String(40))
    seat_reach: Mapped[Reach | None] = mapped_column(choice(Reach))
    seat_amount: Mapped[Decimal | None] = mapped_column(Numeric)
    seat_currency: Mapped[Currency | None] = mapped_column(choice(Currency))
    seat_needs_limit: Mapped[bool | None]

    def owned_by(self, person: UUID | None, *, at: datetime) -> None:
        """Give the task to somebody, or back to the queue."""
        self.owner_id = person
        self.owned_at = at if person else None
