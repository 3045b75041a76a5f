"""Blocked addresses and refused decisions as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row


class BlockedAddress(Row):
    """A blocked address or network, for good or until a moment."""

    __tablename__ = "blocked_addresses"

    network: Mapped[str] = mapped_column(String(43), unique=True)
    reason: Mapped[str | None]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]


class RefusedDecision(Row):
    """Somebody tried to decide a loan, to waive a paper of it, or to have it paid, and was refused: `code` says why.

    It is not in the journal, which records what was done: here nothing was done. It is written after the refused
    request is rolled back.
    """

    __tablename__ = "refused_decisions"
    __table_args__ = (
        Index("ix_refused_decisions_at", "at"),
        Index("ix_refused_decisions_person_id_at", "person_id", "at"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    application_id: Mapped[UUID | None]
    code: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    session_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
