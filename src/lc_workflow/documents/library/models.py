"""Folders and files as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    and_,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow, Row


class Folder(DatedRow):
    """A named place for files, of one application or of the house; a name stands once under one parent."""

    __tablename__ = "folders"
    __table_args__ = (
        UniqueConstraint("application_id", "parent_id", "name", postgresql_nulls_not_distinct=True),
        Index("ix_folders_parent_id", "parent_id"),
    )

    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("folders.id"))
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_applications.id"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class File(Row):
    """A paper in the store: `key` finds its bytes and contains nobody's name, `file_size` is in bytes.

    A removed paper keeps its row and its bytes until its retention ends. A paper that replaces another is its next
    `version`; the other gets a `replaced_at`, stays readable, and counts again when the newer one is removed. A `bound`
    paper is the picture of another row, and is only removed with that.

    `sha256` is that of the stored bytes, `arrived_sha256` that of the uploaded ones, when a picture was turned upright
    or its metadata removed; the place from the metadata (in degrees) is kept only here. `previews` says whether small
    pictures exist, or (false) cannot be made.
    """

    __tablename__ = "files"
    __table_args__ = (
        Index("ix_files_application_id_created_at", "application_id", "created_at"),
        Index("ix_files_created_at", text("created_at DESC")),
        Index("ix_files_folder_id", "folder_id"),
        Index("ix_files_uploaded_by_created_at", "uploaded_by", "created_at"),
        Index("ix_files_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
        Index("ix_files_sha256", "sha256"),
        Index("ix_files_arrived_sha256", "arrived_sha256", postgresql_where=text("arrived_sha256 IS NOT NULL")),
        Index("uq_files_replaces_id", "replaces_id", unique=True, postgresql_where=text("deleted_at IS NULL")),
    )

    key: Mapped[str] = mapped_column(String(200), unique=True)
    original_filename: Mapped[str] = mapped_column(String(300))
    display_name: Mapped[str] = mapped_column(String(300))
    file_size: Mapped[int] = mapped_column(BigInteger)
    mime_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    arrived_sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    document_type: Mapped[str | None] = mapped_column(String(60))
    field_name: Mapped[str | None] = mapped_column(String(100))
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_applications.id"))
    folder_id: Mapped[UUID | None] = mapped_column(ForeignKey("folders.id"))
    created_at: Mapped[datetime]
    bound: Mapped[bool] = mapped_column(default=False, server_default=false())
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(SmallInteger, default=1, server_default=text("1"))
    replaced_at: Mapped[datetime | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    previews: Mapped[bool | None]

    @classmethod
    def standing(cls) -> ColumnElement[bool]:
        """Narrow a query to the papers that count: neither removed nor replaced by a newer version."""
        return and_(cls.deleted_at.is_(None), cls.replaced_at.is_(None))

    @property
    def filename(self) -> str:
        """The name for saving it."""
        return self.display_name

    @property
    def file_path(self) -> str:
        """Where it is kept; of no use without a signed link."""
        return self.key

    @property
    def content_sha256(self) -> str:
        """The SHA-256 of its bytes, as people compare it."""
        return self.sha256.hex()

    @property
    def brought_sha256(self) -> bytes:
        """The SHA-256 of the uploaded bytes, whatever was made of them."""
        return self.arrived_sha256 or self.sha256

    @property
    def is_image(self) -> bool:
        """Whether a page can show it as a picture."""
        return self.mime_type.startswith("image/")
