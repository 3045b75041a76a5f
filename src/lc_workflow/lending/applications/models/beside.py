"""What the database keeps beside applications, so that they are counted and found fast."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class ApplicationTally(Row):
    """How many applications somebody drew up in a branch stand at a stage; or, without one, their papers and bytes.

    The database adds a row for every change, below zero for what goes, and a job adds them up: nobody waits for
    anybody to count, and a sum over the rows is what a count of the applications would be, at any moment.
    """

    __tablename__ = "application_tallies"
    __table_args__ = (
        Index("ix_application_tallies_branch_id", "branch_id"),
        Index("ix_application_tallies_owner_id", "owner_id"),
    )

    branch_id: Mapped[UUID | None]
    owner_id: Mapped[UUID]
    stage: Mapped[Stage | None] = mapped_column(choice(Stage))
    applications: Mapped[int]
    papers: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)


class ApplicationName(Row):
    """What the application of this id is looked for by, beside whose it is and when it was drafted.

    The database keeps these rows: `words` are its names and its account as `platform.search.mentions` looks for them.
    They are narrow, so that what a branch has of a name is read from one index alone, however many branches there are.
    """

    __tablename__ = "application_names"
    __table_args__ = (
        Index(
            "ix_application_names_branch_id",
            "branch_id",
            text("created_at DESC"),
            "id",
            postgresql_include=["words"],
        ),
        Index(
            "ix_application_names_owner_id",
            "owner_id",
            text("created_at DESC"),
            "id",
            postgresql_include=["words", "branch_id"],
        ),
        Index(
            "ix_application_names_words_trgm",
            "words",
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
        ),
    )

    branch_id: Mapped[UUID | None]
    owner_id: Mapped[UUID]
    created_at: Mapped[datetime]
    words: Mapped[str]
