"""One application as a row."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, selectinload, validates
from sqlalchemy.orm.attributes import flag_modified

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms
from lc_workflow.lending.rules.matching import number_key
from lc_workflow.lending.rules.stages import STATUS_OF, Stage, Status
from lc_workflow.lending.rules.terms import (
    IdCardType,
    MaritalStatus,
    Priority,
    ProductType,
    RiskCategory,
    Sex,
)
from lc_workflow.platform.db.base import DatedRow
from lc_workflow.platform.db.types import AMOUNT, PERCENT, choice
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND, Sealed, blind

FOUND_BY: Final[Mapping[str, Callable[[str | None], str | None]]] = {"id_number": number_key, "phone": phone_key}
"""The encrypted columns that a search can find, and the form in which their numbers are indexed."""


class CustomerApplication(DatedRow):
    """One request for a loan: the person as they applied, what they asked for, and what was decided.

    Amounts are in `currency`, terms in months, rates in percent per year. Requested, recommended and approved terms and
    the stage are separate; in a recommendation null means as requested. `workflow_status` is written by `stand_at`
    only. `preparers` are the accounts that drafted the application or prepared it in this `cycle`, `editors` those that
    changed it materially: none of them decides it. `material_changes` counts the material changes; a decision is taken
    at one of these counts and is void at any other (lending.md §1). `checklist_id` is the checklist in force when it
    was begun: the database fills it in.
    """

    __tablename__ = "customer_applications"
    __table_args__ = (
        Index("ix_customer_applications_branch_id_created_at", "branch_id", text("created_at DESC")),
        Index("ix_customer_applications_user_id_created_at", "user_id", text("created_at DESC")),
        Index("ix_customer_applications_workflow_status_created_at", "workflow_status", text("created_at DESC")),
        Index("ix_customer_applications_created_at", text("created_at DESC")),
        Index("ix_customer_applications_priority_level_created_at", "priority_level", text("created_at DESC")),
        Index("ix_customer_applications_requested_amount", text("requested_amount DESC NULLS LAST")),
        Index(
            "ix_customer_applications_approved_at",
            "approved_at",
            postgresql_where=text("workflow_status = 'APPROVED'"),
        ),
        Index("ix_customer_applications_customer_id", "customer_id"),
        Index("ix_customer_applications_id_number_index", "id_number_index"),
        Index("ix_customer_applications_phone_index", "phone_index"),
        Index("ix_customer_applications_account_id", "account_id"),
        Index(
            "ix_customer_applications_officer_unmatched",
            "portfolio_officer_name",
            postgresql_where=text("portfolio_officer_name IS NOT NULL AND NOT portfolio_officer_migrated"),
        ),
        Index("ix_customer_applications_product_version_id", "product_version_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers.id"))
    version: Mapped[int] = mapped_column()
    cycle: Mapped[int] = mapped_column(SmallInteger, default=1)
    preparers: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    editors: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    material_changes: Mapped[int] = mapped_column(default=0)
    workflow_status: Mapped[Stage] = mapped_column(choice(Stage))

    account_id: Mapped[str | None] = mapped_column(String(40))
    account_id_validated: Mapped[bool] = mapped_column(default=False)
    account_id_validation_notes: Mapped[str | None]

    id_card_type: Mapped[IdCardType | None] = mapped_column(choice(IdCardType))
    id_number: Mapped[str | None] = mapped_column(Sealed("customer_applications.id_number"))
    id_number_index: Mapped[bytes | None] = mapped_column(BLIND)
    full_name_khmer: Mapped[str | None] = mapped_column(String(200))
    full_name_latin: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(Sealed("customer_applications.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(BLIND)
    date_of_birth: Mapped[date | None]
    sex: Mapped[Sex | None] = mapped_column(choice(Sex))
    marital_status: Mapped[MaritalStatus | None] = mapped_column(choice(MaritalStatus))
    portfolio_officer_name: Mapped[str | None] = mapped_column(String(200))
    portfolio_officer_migrated: Mapped[bool] = mapped_column(default=False)
    current_address: Mapped[str | None]
    province: Mapped[str | None] = mapped_column(String(100))
    district: Mapped[str | None] = mapped_column(String(100))
    commune: Mapped[str | None] = mapped_column(String(100))
    village: Mapped[str | None] = mapped_column(String(100))
    place_code: Mapped[str | None] = mapped_column(String(8))
    occupation: Mapped[str | None] = mapped_column(String(200))
    employer_name: Mapped[str | None] = mapped_column(String(200))
    monthly_income: Mapped[Decimal | None] = mapped_column(AMOUNT)
    income_source: Mapped[str | None] = mapped_column(String(200))
    monthly_expenses: Mapped[Decimal | None] = mapped_column(AMOUNT)
    assets_value: Mapped[Decimal | None] = mapped_column(AMOUNT)
    existing_loans: Mapped[list[Any]] = mapped_column(JSONB)

    currency: Mapped[Currency] = mapped_column(choice(Currency))
    requested_amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    desired_loan_term: Mapped[int | None]
    product_type: Mapped[ProductType | None] = mapped_column(choice(ProductType))
    product_code: Mapped[str | None] = mapped_column(String(40))
    product_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_versions.id"))
    checklist_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("checklists.id"), server_default=func.checklist_in_force()
    )
    interest_rate: Mapped[Decimal | None] = mapped_column(PERCENT)
    loan_purposes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    loan_purpose: Mapped[str | None]
    purpose_details: Mapped[str | None]
    requested_disbursement_date: Mapped[date | None]
    loan_status: Mapped[str | None] = mapped_column(String(40))
    loan_start_date: Mapped[date | None]
    loan_end_date: Mapped[date | None]
    recommended_amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    recommended_loan_term: Mapped[int | None]
    recommended_interest_rate: Mapped[Decimal | None] = mapped_column(PERCENT)
    approved_amount: Mapped[Decimal | None] = mapped_column(AMOUNT)
    approved_loan_term: Mapped[int | None]
    approved_interest_rate: Mapped[Decimal | None] = mapped_column(PERCENT)

    credit_score: Mapped[int | None]
    risk_category: Mapped[RiskCategory | None] = mapped_column(choice(RiskCategory))
    assessment_notes: Mapped[str | None]
    assigned_reviewer: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    priority_level: Mapped[Priority] = mapped_column(choice(Priority))

    po_created_at: Mapped[datetime | None]
    po_created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    user_completed_at: Mapped[datetime | None]
    user_completed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    teller_processed_at: Mapped[datetime | None]
    teller_processed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    manager_reviewed_at: Mapped[datetime | None]
    manager_reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    submitted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    rejected_at: Mapped[datetime | None]
    rejected_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    rejection_reason: Mapped[str | None]
    disbursement_requested_at: Mapped[datetime | None]

    parties: Mapped[list[Party]] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin=lambda: CustomerApplication.id == foreign(Party.application_id),
        order_by=Party.position,
    )
    collateral: Mapped[list[Collateral]] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin=lambda: CustomerApplication.id == foreign(Collateral.application_id),
        order_by=Collateral.position,
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form

    @validates("id_number", "phone")
    def _index(self, name: str, number: str | None) -> str | None:
        """Keep the blind index up to date."""
        setattr(self, f"{name}_index", blind(FOUND_BY[name](number), of=name))
        return number

    def indexes(self) -> dict[str, bytes | None]:
        """Its blind indexes."""
        return {f"{name}_index": blind(key(getattr(self, name)), of=name) for name, key in FOUND_BY.items()}

    @property
    def guarantor(self) -> Party | None:
        """The first guarantor, who is in the web app's `guarantor_*` fields."""
        return next((party for party in self.parties if party.role is PartyRole.GUARANTOR), None)

    @property
    def guarantor_name(self) -> str | None:
        """What the first guarantor is called."""
        return self.guarantor.name if self.guarantor else None

    @property
    def guarantor_phone(self) -> str | None:
        """How to call the first guarantor."""
        return self.guarantor.phone if self.guarantor else None

    @property
    def guarantor_id_number(self) -> str | None:
        """The number of the first guarantor's identity paper."""
        return self.guarantor.id_number if self.guarantor else None

    @property
    def guarantor_address(self) -> str | None:
        """Where the first guarantor lives."""
        return self.guarantor.current_address if self.guarantor else None

    @property
    def guarantor_relationship(self) -> str | None:
        """What the first guarantor is to the borrower."""
        return self.guarantor.relation if self.guarantor else None

    @property
    def collaterals(self) -> list[dict[str, Any]]:
        """What is pledged, as the forms wrote it."""
        return [row.entry for row in self.collateral]

    @property
    def status(self) -> Status:
        """The coarser status that the web app shows."""
        return STATUS_OF[self.workflow_status]

    def stand_at(self, stage: Stage, *, by: UUID | None, at: datetime) -> None:
        """Set the stage, and who moved it there."""
        came_from, self.workflow_status = self.workflow_status, stage
        self.updated_at = at
        match stage:
            case Stage.PO_CREATED:
                self.po_created_at, self.po_created_by = at, by
            case Stage.USER_COMPLETED:
                self.user_completed_at, self.user_completed_by = at, by
                self.submitted_at = at
            case Stage.MANAGER_REVIEW if came_from is Stage.APPROVED:
                self.withhold_approval()
            case Stage.TELLER_PROCESSING | Stage.MANAGER_REVIEW:
                self.teller_processed_at, self.teller_processed_by = at, by
            case Stage.APPROVED:
                self.approved_at, self.approved_by = at, by
                self.manager_reviewed_at, self.manager_reviewed_by = at, by
            case Stage.REJECTED:
                self.rejected_at, self.rejected_by = at, by
                if came_from is Stage.MANAGER_REVIEW:
                    self.manager_reviewed_at, self.manager_reviewed_by = at, by
            case Stage.RETURNED | Stage.WITHDRAWN | Stage.EXPIRED | Stage.DISBURSED:
                pass

    def renewed(self, at: datetime) -> None:
        """Make a new version, even at the same moment, because something it shows has changed in another row."""
        self.updated_at = at
        flag_modified(self, "updated_at")

    def prepared_by(self, person: UUID) -> None:
        """Remember that a person prepared the application in this cycle, so that they do not decide it."""
        if person not in self.preparers:
            self.preparers = [*self.preparers, person]

    def changed_in_substance_by(self, person: UUID) -> None:
        """Record a material change and who made it: decisions so far are void, and this person takes none."""
        self.material_changes += 1
        if person not in self.editors:
            self.editors = [*self.editors, person]

    @property
    def requested(self) -> LoanTerms:
        """The terms the customer asks for."""
        return LoanTerms(amount=self.requested_amount, term=self.desired_loan_term, interest_rate=self.interest_rate)

    @property
    def proposed(self) -> LoanTerms:
        """The terms proposed to those who decide: the recommended ones, completed with the requested ones."""
        recommended = LoanTerms(
            amount=self.recommended_amount,
            term=self.recommended_loan_term,
            interest_rate=self.recommended_interest_rate,
        )
        return recommended.over(self.requested)

    @property
    def approved(self) -> LoanTerms:
        """The approved terms."""
        return LoanTerms(
            amount=self.approved_amount, term=self.approved_loan_term, interest_rate=self.approved_interest_rate
        )

    @property
    def at_stake(self) -> LoanTerms:
        """The approved terms, or while there are none, the proposed ones."""
        return self.proposed if self.approved_amount is None else self.approved

    def recommend(self, terms: LoanTerms) -> None:
        """Set the recommended terms; what is left out is as requested."""
        self.recommended_amount, self.recommended_loan_term = terms.amount, terms.term
        self.recommended_interest_rate = terms.interest_rate

    def begin_again(self, person: UUID) -> None:
        """Begin a new cycle; the decisions of the last one are history."""
        self.cycle += 1
        self.preparers, self.editors = [person], []
        self.rejected_at = self.rejected_by = self.rejection_reason = None
        self.account_id_validated, self.account_id_validation_notes = False, None
        self.recommend(UNSAID)
        self.withhold_approval()

    def withhold_approval(self) -> None:
        """Clear the approved terms and the review; the request stays as it is."""
        self.approved_at = self.approved_by = None
        self.manager_reviewed_at = self.manager_reviewed_by = None
        self.approved_amount = self.approved_loan_term = self.approved_interest_rate = None


BACKED = (selectinload(CustomerApplication.parties), selectinload(CustomerApplication.collateral))
"""Loads the parties and the collateral of an application, one statement each."""
