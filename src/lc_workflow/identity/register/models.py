"""Imports of accounts as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.identity.rules.register import ImportMode
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class AccountImport(Row):
    """One list that was taken in: how many of its rows are done, and what became of them.

    It is written after each batch, so that others see how far a running import is; one that a crash cut short never
    gets `finished_at`, and sending the list again goes on where it stopped.
    """

    __tablename__ = "account_imports"
    __table_args__ = (Index("ix_account_imports_started_by_started_at", "started_by", "started_at"),)

    started_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    filename: Mapped[str] = mapped_column(String(255))
    mode: Mapped[ImportMode] = mapped_column(choice(ImportMode))
    total_rows: Mapped[int]
    done_rows: Mapped[int] = mapped_column(default=0)
    successful_imports: Mapped[int] = mapped_column(default=0)
    successful_updates: Mapped[int] = mapped_column(default=0)
    skipped_rows: Mapped[int] = mapped_column("unchanged_rows", default=0)
    failed_imports: Mapped[int] = mapped_column("failed_rows", default=0)
