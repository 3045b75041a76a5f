"""Places as rows."""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.gazetteer import Level
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class Place(Row):
    """A place of the public gazetteer: its code begins with the code of the place it lies in."""

    __tablename__ = "gazetteer_places"
    __table_args__ = (Index("ix_gazetteer_places_parent_code", "parent_code"),)

    code: Mapped[str] = mapped_column(String(8), unique=True)
    parent_code: Mapped[str | None] = mapped_column(String(6))
    level: Mapped[Level] = mapped_column(choice(Level))
    name_en: Mapped[str] = mapped_column(String(200))
    name_km: Mapped[str] = mapped_column(String(200))
