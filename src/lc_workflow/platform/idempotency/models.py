"""The keys that clients sent, and the answers to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row
from lc_workflow.platform.security.columns import SealedBytes


class RememberedRequest(Row):
    """A request that carried a key: what was sent, and once it has ended what was answered.

    `digest` covers the method, the address and the body. Without a `status` the request is in flight, or its process
    died; `request_id` then finds in the journal what it did. After `kept_until` the key is free.
    """

    __tablename__ = "remembered_requests"
    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        Index("ix_remembered_requests_kept_until", "kept_until"),
    )

    person_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(200))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    request_id: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime]
    kept_until: Mapped[datetime] = mapped_column(server_default=text("now() + interval '24 hours'"))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    body: Mapped[bytes | None] = mapped_column(SealedBytes("remembered_requests.body"))
