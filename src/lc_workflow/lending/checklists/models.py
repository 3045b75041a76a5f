"""Checklists as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.checklist import ChecklistStatus
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class Checklist(Row):
    """One version of the papers that the house asks for; the newest published one is for applications to come.

    `document` holds the rules as `schemas.ChecklistDocument` reads them. The database refuses to change a published
    row, and assigns the newest one to each new application: none until one is published.
    """

    __tablename__ = "checklists"

    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[ChecklistStatus] = mapped_column(choice(ChecklistStatus))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[datetime | None]
