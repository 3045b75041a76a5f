"""What the database keeps beside applications, so that they are counted and found fast."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, foreign, joinedload, mapped_column, relationship, selectinload, validates
from sqlalchemy.orm.attributes import flag_modified

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms
from lc_workflow.lending.rules.matching import number_key
from lc_workflow.lending.rules.stages import STATUS_OF, Stage, Status
from lc_workflow.lending.rules.terms import (
    AssignmentRole,
    IdCardType,
    MaritalStatus,
    Priority,
    ProductType,
    RiskCategory,
    Sex,
)
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import AMOUNT, PERCENT, choice
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND, Sealed, blind

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
