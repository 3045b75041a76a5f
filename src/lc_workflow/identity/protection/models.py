"""Blocked addresses as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import Row


class BlockedAddress(Row):
    """An address or a network that nothing is answered to, for good or until a moment."""

    __tablename__ = "blocked_addresses"

    network: Mapped[str] = mapped_column(String(43), unique=True)
    reason: Mapped[str | None]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
