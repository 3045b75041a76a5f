"""Kinds of papers as rows."""

from sqlalchemy import SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.platform.db.base import DatedRow


class PaperKind(DatedRow):
    """One kind of paper: its `document_type` in the web app, what people call it, and the folder it is filed in.

    A kind that is no longer `offered` stays, for there are papers of it.
    """

    __tablename__ = "document_types"

    code: Mapped[str] = mapped_column(String(60), unique=True)
    label_en: Mapped[str] = mapped_column(String(200))
    label_km: Mapped[str] = mapped_column(String(200))
    folder: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(SmallInteger)
    offered: Mapped[bool]
