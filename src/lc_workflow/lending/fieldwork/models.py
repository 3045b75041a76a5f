"""When which application changed last, in an order that loses nothing."""

from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row


class LatestChange(Row):
    """The last change of an application that a tablet would show; the database writes it with each commit.

    `id` is the application's, and the row outlives it. `position` is the number of the transaction: once all
    transactions below a number have ended, nothing is added below it any more. Timestamps and sequences do not have
    this property: they are assigned before the commit and overtake each other. `user_id` and `branch_id` tell whose the
    application is, or was.
    """

    __tablename__ = "application_changes"
    __table_args__ = (
        Index("ix_application_changes_position_id", "position", "id"),
        Index("ix_application_changes_user_id_position_id", "user_id", "position", "id"),
    )

    user_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    position: Mapped[int] = mapped_column(BigInteger)
