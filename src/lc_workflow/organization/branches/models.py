"""Branches as rows."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow


class Branch(DatedRow):
    """An office of the institution; `latitude` and `longitude` are degrees (WGS 84), `region` groups branches."""

    __tablename__ = "branches"

    name: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(20), unique=True)
    address: Mapped[str | None]
    phone_number: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    manager_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", use_alter=True, ondelete="SET NULL"))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    region: Mapped[str | None] = mapped_column(String(60))
    is_active: Mapped[bool] = mapped_column(default=True)
