"""Approval matrices as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.approval import MatrixStatus
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class ApprovalMatrix(Row):
    """One version of who has to agree to which loan; the newest published one is for applications to come.

    `document` holds the rules as `schemas.MatrixDocument` reads them. The database refuses to change a published row.
    """

    __tablename__ = "approval_matrices"

    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[MatrixStatus] = mapped_column(choice(MatrixStatus))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[datetime | None]
