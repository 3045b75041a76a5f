"""Products and their versions as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.products import Conditions, VersionStatus
from lc_workflow.platform.db.base import DatedRow
from lc_workflow.platform.db.types import choice


class Product(DatedRow):
    """Something the institution lends; its conditions are in its versions, the latest published one is in force."""

    __tablename__ = "products"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_en: Mapped[str] = mapped_column(String(200))
    name_km: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)


class ProductVersion(DatedRow):
    """The conditions of a product from a day on; the database refuses to change a published version."""

    __tablename__ = "product_versions"
    __table_args__ = (
        Index("uq_product_versions_product_id_number", "product_id", "number", unique=True),
        Index("uq_product_versions_draft", "product_id", unique=True, postgresql_where=text("status = 'draft'")),
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[VersionStatus] = mapped_column(choice(VersionStatus))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime | None]
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))

    @property
    def conditions(self) -> Conditions:
        """The conditions of this version."""
        return msgspec.convert(self.document, Conditions)

    def say(self, conditions: Conditions) -> None:
        """Set the conditions; amounts are stored as text, to keep their digits."""
        self.document = msgspec.to_builtins(conditions)
