"""Printed dossiers as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.dossier import Language, PrintStatus
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice
from lc_workflow.platform.security.columns import SealedBytes


class DossierPrint(Row):
    """A dossier to be printed: its content, its language, and its progress.

    `content` is the JSON to print, until it is printed; `content_sha256` its fingerprint, so that the same content is
    not printed twice. A `whole` one shows identity and telephone numbers. `progress` is in percent, `size` in bytes. It
    is deleted some days later, or when its application is thrown away.
    """

    __tablename__ = "dossier_prints"
    __table_args__ = (
        Index("ix_dossier_prints_application_id_content_sha256", "application_id", "content_sha256", "language"),
        Index("ix_dossier_prints_asked_at", "asked_at"),
    )

    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_applications.id", ondelete="SET NULL"))
    language: Mapped[Language] = mapped_column(choice(Language))
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[bytes | None] = mapped_column(SealedBytes("dossier_prints.content"))
    whole: Mapped[bool]
    filename: Mapped[str] = mapped_column(String(300))
    status: Mapped[PrintStatus] = mapped_column(choice(PrintStatus))
    progress: Mapped[int] = mapped_column(SmallInteger)
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @property
    def key(self) -> str:
        """Where the store keeps it; it contains nobody's name."""
        return f"dossiers/{self.id}"
