"""Settings as rows."""

from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow


class Setting(DatedRow):
    """One adjustable value; a public one may be read by anybody."""

    __tablename__ = "settings"
    __table_args__ = (UniqueConstraint("category", "key"),)

    category: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(100))
    value: Mapped[Any] = mapped_column(JSONB)
    description: Mapped[str | None]
    is_public: Mapped[bool] = mapped_column(default=False)
