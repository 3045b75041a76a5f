"""What the database keeps beside applications to count and find them fast."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.types import choice


class ApplicationTally(Row):
    """How many applications one person drafted in one branch stand at a stage; without a stage, their papers and bytes.

    The database adds a row for every change, negative for a decrease, and a job merges them: nobody waits for a
    counter, and the sum of the rows always equals a count of the applications.
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
    """What an application is searched by, with whose it is and when it was drafted.

    The database keeps these rows: `words` are its names and its account as `platform.search.mentions` searches them.
    They are narrow, so that one index finds a name in a branch, however many branches there are.
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
