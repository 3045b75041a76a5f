"""Deliveries as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row


class Delivery(Row):
    """A file somebody announced and may upload until `ends_at`; its id becomes the file's.

    An upload in parts has an `attempt`, the store's id for it, and a `part_size` in bytes. `key` is where the client
    puts the bytes, `file_size` is in bytes. The row is deleted when the library has the file.
    """

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_ends_at", "ends_at"),)

    key: Mapped[str] = mapped_column(String(200), unique=True)
    filename: Mapped[str] = mapped_column(String(300))
    file_size: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str | None] = mapped_column(String(100))
    attempt: Mapped[str | None] = mapped_column(String(500))
    part_size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    document_type: Mapped[str | None] = mapped_column(String(60))
    field_name: Mapped[str | None] = mapped_column(String(100))
    # no foreign keys: both may go before the file comes, and are looked for when it does
    application_id: Mapped[UUID | None]
    folder_id: Mapped[UUID | None]
    announced_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    announced_at: Mapped[datetime]
    ends_at: Mapped[datetime]
