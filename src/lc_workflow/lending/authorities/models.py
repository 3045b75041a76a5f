"""Authorities and delegations as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.approval import Reach
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class Authority(Row):
    """A role somebody holds by name over a branch, a region or everything; `limits` are amounts by currency.

    Whoever manages a branch by their post needs no row for it, unless their limits are to be on record.
    """

    __tablename__ = "authorities"
    __table_args__ = (
        Index("ix_authorities_person_id", "person_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_authorities_given_at", "given_at"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(40))
    reach: Mapped[Reach] = mapped_column(choice(Reach))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id"))
    region: Mapped[str | None] = mapped_column(String(60))
    limits: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    given_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    given_at: Mapped[datetime]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]


class Delegation(Row):
    """Somebody stands in for somebody absent, in one role and for a while; the limits are never above theirs."""

    __tablename__ = "delegations"
    __table_args__ = (
        Index("ix_delegations_to_id", "to_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_delegations_from_id", "from_id"),
        Index("ix_delegations_starts_at", "starts_at"),
    )

    from_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    to_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(40))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    limits: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reason: Mapped[str | None]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
