"""The journal's rows: what happened, for ever; and which of it listeners have still to hear."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from structlog.contextvars import get_contextvars

from lc_workflow.kernel.events import Event
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.journal.origin import ADDRESS, SESSION


class JournalEntry(Row):
    """One fact: who did what to which subject, when, from where, and what changed. Entries are never changed.

    Entries about one application form a thread; those about anything else form one thread for each subject. Within its
    thread an entry has a `position` and a `hash` that covers itself and all before it; the database writes both, in the
    order of the commits, and refuses to change or to remove an entry (`chain.py`).

    `changes` lists the rows that the transaction changed about the same subject: `{of, id, fields}` where `fields` maps
    a column to its value before and after, personal data masked.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (
        Index("uq_journal_entries_thread_id_position", "thread_id", "position", unique=True),
        Index("ix_journal_entries_subject_subject_id_number", "subject", "subject_id", "number"),
        Index("ix_journal_entries_actor_id_number", "actor_id", "number"),
        Index("ix_journal_entries_kind_number", "kind", "number"),
        Index("ix_journal_entries_at", "at"),
        Index("ix_journal_entries_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    kind: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID]
    application_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    on_behalf_of: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]
    request_id: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    thread_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    position: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), server_default=text("''::bytea"))

    @classmethod
    def of(cls, event: Event) -> "JournalEntry":
        """Turn a fact into its row; the request comes from the running context."""
        return cls(
            kind=type(event).__name__,
            subject=event.subject,
            subject_id=event.subject_id,
            application_id=getattr(event, "application_id", None),
            actor_id=event.actor_id,
            on_behalf_of=event.on_behalf_of,
            session_id=SESSION.get(),
            address=ADDRESS.get(),
            at=event.at,
            request_id=get_contextvars().get("request_id"),
            reason=getattr(event, "reason", None),
            facts=msgspec.to_builtins(event),
        )


class JournalThread(Row):
    """The end of a thread: how many entries it has, and the hash of the last. The database keeps it; `id` names it."""

    __tablename__ = "journal_threads"

    length: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class JournalAnchor(Row):
    """A day's seal on the journal: `digest` covers the end of every thread that grew, and the previous anchor.

    It covers the entries whose numbers lie above `after` and reach to `up_to`. `seal` is made with a key that is not in
    the database, so that even someone who can write every table cannot make an anchor.
    """

    __tablename__ = "journal_anchors"

    day: Mapped[date] = mapped_column(unique=True)
    after: Mapped[int] = mapped_column(BigInteger)
    up_to: Mapped[int] = mapped_column(BigInteger)
    threads: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime]


class Untold(Row):
    """An entry that listeners have not heard yet; the row goes when they have. `id` is the entry's.

    After a failure it rests until `due_at`; after the last try it is given up, until somebody replays it.
    """

    __tablename__ = "journal_outbox"
    __table_args__ = (
        Index("ix_journal_outbox_number", "number"),
        Index("ix_journal_outbox_thread_id_number", "thread_id", "number"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[UUID]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    due_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
