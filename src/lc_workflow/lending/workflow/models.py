"""The moves of applications as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class Move(Row):
    """One step an application took: from where, to where, by whom and for whom, when and why; never changed afterwards.

    Nobody is the actor of what the house does itself.
    """

    __tablename__ = "application_moves"
    __table_args__ = (
        Index("ix_application_moves_application_id_number", "application_id", "number"),
        Index("ix_application_moves_at", "at"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    action: Mapped[Action] = mapped_column(choice(Action))
    source: Mapped[Stage] = mapped_column(choice(Stage))
    target: Mapped[Stage] = mapped_column(choice(Stage))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    on_behalf_of: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    cycle: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str | None]
    comment: Mapped[str | None]
