"""Selfies as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.documents.rules.selfies import SelfieStatus, SelfieType
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice
from lc_workflow.platform.security.columns import Sealed


class Selfie(Row):
    """A picture of people at a place (degrees) and a time, and what somebody else found when looking at it.

    The picture is a paper of the application, and goes and stays with it.
    """

    __tablename__ = "selfies"
    __table_args__ = (Index("ix_selfies_application_id_created_at", "application_id", "created_at"),)

    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), unique=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    selfie_type: Mapped[SelfieType] = mapped_column(choice(SelfieType))
    customer_id_number: Mapped[str | None] = mapped_column(Sealed("selfies.customer_id_number"))
    customer_name: Mapped[str | None] = mapped_column(String(200))
    location_latitude: Mapped[float | None]
    location_longitude: Mapped[float | None]
    location_address: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    taken_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    status: Mapped[SelfieStatus] = mapped_column(choice(SelfieStatus))
    validated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    validated_at: Mapped[datetime | None]
    validation_notes: Mapped[str | None] = mapped_column(Text)
