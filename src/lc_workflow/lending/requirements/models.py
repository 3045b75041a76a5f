"""What is known about papers beyond their bytes, and which papers were waived, as rows."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.checklist import PaperVerdict
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import choice


class PaperCheck(DatedRow):
    """Whom a paper is about, of when it is and until when it holds, and what a second person found about it.

    `subject_id` is a party or a collateral of the application; one that was taken away since has no papers any more.
    """

    __tablename__ = "paper_checks"
    __table_args__ = (Index("ix_paper_checks_application_id", "application_id"),)

    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), unique=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    subject_id: Mapped[UUID | None]
    issued_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    verdict: Mapped[PaperVerdict | None] = mapped_column(choice(PaperVerdict))
    note: Mapped[str | None]
    verified_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    verified_at: Mapped[datetime | None]


class PaperWaiver(Row):
    """Somebody with the right to do so let an application pass without a paper, until the end of a day.

    It holds in the cycle it was granted in, for one subject of the rule or for all.
    """

    __tablename__ = "paper_waivers"
    __table_args__ = (Index("ix_paper_waivers_application_id", "application_id"),)

    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    cycle: Mapped[int] = mapped_column(SmallInteger)
    rule: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[UUID | None]
    reason: Mapped[str]
    granted_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    granted_at: Mapped[datetime]
    ends_on: Mapped[date]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
