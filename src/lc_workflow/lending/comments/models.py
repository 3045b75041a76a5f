"""Comments as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row


class Comment(Row):
    """What somebody said about an application; it stands as it was written until its author takes it back."""

    __tablename__ = "application_comments"
    __table_args__ = (Index("ix_application_comments_application_id_created_at", "application_id", "created_at"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str]
    created_at: Mapped[datetime]
