"""The journal's rows: the audit trail and the outbox in one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Identity, Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from structlog.contextvars import get_contextvars

from lc_workflow.kernel.events import Event
from lc_workflow.platform.db.base import Row


class JournalEntry(Row):
    """One fact: who did what to which subject, when, within which request; `told_at` once every listener heard it."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        Index("ix_journal_entries_untold", "number", postgresql_where=text("told_at IS NULL")),
        Index("ix_journal_entries_subject_subject_id_number", "subject", "subject_id", "number"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    kind: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]
    request_id: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    told_at: Mapped[datetime | None]

    @classmethod
    def of(cls, event: Event) -> "JournalEntry":
        """Turn a fact into its row; the request it happened in is taken from the log's context."""
        return cls(
            kind=type(event).__name__,
            subject=event.subject,
            subject_id=event.subject_id,
            actor_id=event.actor_id,
            at=event.at,
            request_id=get_contextvars().get("request_id"),
            facts=msgspec.to_builtins(event),
            attempts=0,
        )

    def event(self, kinds: dict[str, type[Event]]) -> Event | None:
        """Turn the row back into its fact, or None when no context of this version knows the kind."""
        kind = kinds.get(self.kind)
        return None if kind is None else msgspec.convert(self.facts, kind)
