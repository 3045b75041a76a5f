"""Positions as rows."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow


class Position(DatedRow):
    """What somebody is called in the company, such as credit officer."""

    __tablename__ = "positions"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
