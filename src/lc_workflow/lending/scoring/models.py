"""Scorecards and scores as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import JSON, BigInteger, ForeignKey, Identity, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.scoring import Recommendation, Scorecard
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class ScorecardVersion(Row):
    """A version of a scorecard, never changed; loans are scored with the latest one.

    `document` is JSON and not JSONB, which would lose the order of the attributes.
    """

    __tablename__ = "scorecard_versions"
    __table_args__ = (Index("uq_scorecard_versions_code_version", "code", "version", unique=True),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    code: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(SmallInteger)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[datetime]

    @property
    def card(self) -> Scorecard:
        """The table that the rules know."""
        return msgspec.convert(self.document, Scorecard)


class ApplicationScore(Row):
    """An application's score at a moment, and the recommendation of the person who scored it; never changed.

    `material_changes` is the application's count of material changes at that time: when it has grown since, this is
    outdated.
    """

    __tablename__ = "application_scores"
    __table_args__ = (Index("ix_application_scores_application_id_number", "application_id", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("customer_applications.id", ondelete="CASCADE"))
    scorecard_id: Mapped[UUID] = mapped_column(ForeignKey("scorecard_versions.id"))
    system_decision: Mapped[Recommendation] = mapped_column(choice(Recommendation))
    decision: Mapped[Recommendation | None] = mapped_column(choice(Recommendation))
    reason: Mapped[str | None]
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    material_changes: Mapped[int]
    scored_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    scored_at: Mapped[datetime]
