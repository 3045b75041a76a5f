"""Applications as requests and answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from lc_workflow.documents.cards import DocumentCard
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.backing.schemas import PartyAnswer
from lc_workflow.lending.rules.stages import Stage, Status
from lc_workflow.lending.rules.terms import (
    AssignmentRole,
    IdCardType,
    LoanPurpose,
    MaritalStatus,
    Priority,
    ProductType,
    RiskCategory,
    Sex,
)
from lc_workflow.organization.cards import BranchCard, DepartmentCard
from lc_workflow.platform.http.fields import VISIBLE
from lc_workflow.platform.http.shapes import (
    Amount,
    Code,
    Line,
    NewId,
    Note,
    Percent,
    Phone,
    PlaceCode,
    check_amounts,
    check_new_id,
    check_percents,
)
from lc_workflow.platform.security.personal import masked

PHONES: Final = ("phone", "guarantor_phone")
"""The fields with telephones."""

NUMBERS: Final = ("id_number", "phone", "guarantor_id_number", "guarantor_phone")
"""The fields with numbers that only holders of a right read whole."""

Number = Annotated[str, Meta(max_length=100)]
Place = Annotated[str, Meta(max_length=100)]
AccountId = Annotated[str, Meta(min_length=1, max_length=40, pattern=VISIBLE)]
Months = Annotated[int, Meta(ge=1, le=600)]
"""A term in months; fifty years is the longest anybody means."""

Score = Annotated[int, Meta(ge=0, le=10_000)]
Entries = Annotated[list[dict[str, Any]], Meta(max_length=50)]
"""Free rows, such as loans elsewhere, as the form wrote them."""


class AssignmentWish(Struct, frozen=True):
    """An employee who is to look after the application."""

    employee_id: UUID
    assignment_role: AssignmentRole = AssignmentRole.PRIMARY_OFFICER
    notes: Note | None = None


class ApplicationChange(Struct, frozen=True, kw_only=True):
    """What to change about an application: absent fields stay, null clears.

    Amounts are in `currency`, the term is in months, the rate in percent per year. `employee_assignments`, when
    given, is the whole list of who looks after it from now on.
    `product_code` names a product of the institution; without one the product is that of `product_type`.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"requested_amount": 1800, "desired_loan_term": 18}

    id_card_type: IdCardType | UnsetType | None = UNSET
    id_number: Number | UnsetType | None = UNSET
    full_name_khmer: Line | UnsetType | None = UNSET
    full_name_latin: Line | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    date_of_birth: date | UnsetType | None = UNSET
    sex: Sex | UnsetType | None = UNSET
    marital_status: MaritalStatus | UnsetType | None = UNSET
    portfolio_officer_name: Line | UnsetType | None = UNSET
    current_address: Note | UnsetType | None = UNSET
    province: Place | UnsetType | None = UNSET
    district: Place | UnsetType | None = UNSET
    commune: Place | UnsetType | None = UNSET
    village: Place | UnsetType | None = UNSET
    place_code: PlaceCode | UnsetType | None = UNSET
    occupation: Line | UnsetType | None = UNSET
    employer_name: Line | UnsetType | None = UNSET
    monthly_income: Amount | UnsetType | None = UNSET
    income_source: Line | UnsetType | None = UNSET
    monthly_expenses: Amount | UnsetType | None = UNSET
    assets_value: Amount | UnsetType | None = UNSET
    existing_loans: Entries | UnsetType | None = UNSET
    currency: Currency | UnsetType = UNSET
    requested_amount: Amount | UnsetType | None = UNSET
    desired_loan_term: Months | UnsetType | None = UNSET
    product_type: ProductType | UnsetType | None = UNSET
    product_code: Code | UnsetType | None = UNSET
    interest_rate: Percent | UnsetType | None = UNSET
    loan_purposes: Annotated[list[LoanPurpose], Meta(max_length=20)] | UnsetType | None = UNSET
    loan_purpose: Line | UnsetType | None = UNSET
    purpose_details: Note | UnsetType | None = UNSET
    requested_disbursement_date: date | UnsetType | None = UNSET
    loan_status: Annotated[str, Meta(max_length=40)] | UnsetType | None = UNSET
    loan_start_date: date | UnsetType | None = UNSET
    loan_end_date: date | UnsetType | None = UNSET
    guarantor_name: Line | UnsetType | None = UNSET
    guarantor_phone: Phone | UnsetType | None = UNSET
    guarantor_id_number: Number | UnsetType | None = UNSET
    guarantor_address: Note | UnsetType | None = UNSET
    guarantor_relationship: Place | UnsetType | None = UNSET
    collaterals: Entries | UnsetType | None = UNSET
    credit_score: Score | UnsetType | None = UNSET
    risk_category: RiskCategory | UnsetType | None = UNSET
    assessment_notes: Note | UnsetType | None = UNSET
    priority_level: Priority | UnsetType = UNSET
    account_id: AccountId | UnsetType | None = UNSET
    account_id_validated: bool | UnsetType = UNSET
    account_id_validation_notes: Note | UnsetType | None = UNSET
    employee_assignments: Annotated[list[AssignmentWish], Meta(max_length=20)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse amounts and percentages that no column holds."""
        check_amounts(self, "requested_amount", "monthly_income", "monthly_expenses", "assets_value")
        check_percents(self, "interest_rate")


class NewApplication(ApplicationChange, frozen=True, kw_only=True):
    """An application to draft; `branch_id` is for people who work for all branches, others draft for their own.

    Where they name none and have none, it is the branch of the employees who look after it.

    Whoever draws it up without a network makes its `id` themselves, a UUID of version 4.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "full_name_khmer": "សុខ បុប្ផា",
        "full_name_latin": "SOK BOPHA",
        "date_of_birth": "1988-03-17",
        "id_card_type": "cambodian_identity",
        "id_number": "010234567",
        "phone": "012 345 678",
        "sex": "female",
        "marital_status": "married",
        "current_address": "Phum 4, Chbar Ampov",
        "occupation": "Market vendor",
        "monthly_income": 620,
        "income_source": "business",
        "monthly_expenses": 380,
        "currency": "USD",
        "requested_amount": 1500,
        "desired_loan_term": 12,
        "product_type": "monthly_loan",
        "interest_rate": 18,
        "loan_purposes": ["commerce"],
        "purpose_details": "A second stall at the market",
    }

    branch_id: UUID | None = None
    id: NewId | None = None

    def __post_init__(self) -> None:
        """Refuse what the fields of a change refuse, and ids that are not random."""
        super().__post_init__()
        check_new_id(self, "id")


class AssignedEmployee(Struct, frozen=True):
    """An employee with their place in the company."""

    id: UUID
    employee_code: str
    full_name_khmer: str
    full_name_latin: str
    position: str | None
    is_active: bool
    department: DepartmentCard | None
    branch: BranchCard | None


class AssignmentAnswer(Struct, frozen=True):
    """An employee looking after an application."""

    id: UUID
    application_id: UUID
    employee_id: UUID
    assignment_role: AssignmentRole
    assigned_at: datetime
    assigned_by: UUID
    is_active: bool
    notes: str | None
    employee: AssignedEmployee


class ApplicationAnswer(Struct, frozen=True):
    """An application with its people and its papers.

    Amounts are in `currency`, terms in months, rates in percent per year; `status` is derived from `workflow_status`.
    What is kept of an application itself comes first, so that its row is the beginning of its answer.
    """

    id: UUID
    user_id: UUID
    branch_id: UUID | None
    customer_id: UUID | None
    version: int
    cycle: int
    workflow_status: Stage
    account_id: str | None
    account_id_validated: bool
    account_id_validation_notes: str | None
    id_card_type: IdCardType | None
    id_number: str | None
    full_name_khmer: str | None
    full_name_latin: str | None
    phone: str | None
    date_of_birth: date | None
    sex: Sex | None
    marital_status: MaritalStatus | None
    portfolio_officer_name: str | None
    portfolio_officer_migrated: bool
    current_address: str | None
    province: str | None
    district: str | None
    commune: str | None
    village: str | None
    place_code: str | None
    occupation: str | None
    employer_name: str | None
    monthly_income: Decimal | None
    income_source: str | None
    monthly_expenses: Decimal | None
    assets_value: Decimal | None
    existing_loans: list[Any]
    currency: Currency
    requested_amount: Decimal | None
    desired_loan_term: int | None
    product_type: ProductType | None
    product_code: str | None
    product_version_id: UUID | None
    interest_rate: Decimal | None
    loan_purposes: list[str]
    loan_purpose: str | None
    purpose_details: str | None
    requested_disbursement_date: date | None
    loan_status: str | None
    loan_start_date: date | None
    loan_end_date: date | None
    recommended_amount: Decimal | None
    recommended_loan_term: int | None
    recommended_interest_rate: Decimal | None
    approved_amount: Decimal | None
    approved_loan_term: int | None
    approved_interest_rate: Decimal | None
    credit_score: int | None
    risk_category: RiskCategory | None
    assessment_notes: str | None
    assigned_reviewer: UUID | None
    priority_level: Priority
    po_created_at: datetime | None
    po_created_by: UUID | None
    user_completed_at: datetime | None
    user_completed_by: UUID | None
    teller_processed_at: datetime | None
    teller_processed_by: UUID | None
    manager_reviewed_at: datetime | None
    manager_reviewed_by: UUID | None
    submitted_at: datetime | None
    approved_at: datetime | None
    approved_by: UUID | None
    rejected_at: datetime | None
    rejected_by: UUID | None
    rejection_reason: str | None
    created_at: datetime
    updated_at: datetime
    status: Status
    workflow_stage: Stage
    guarantor_name: str | None
    guarantor_phone: str | None
    guarantor_id_number: str | None
    guarantor_address: str | None
    guarantor_relationship: str | None
    parties: list[PartyAnswer]
    collaterals: list[Any]
    documents: list[DocumentCard]
    employee_assignments: list[AssignmentAnswer]

    def masked(self) -> Self:
        """The same with the numbers of everybody in it masked."""
        numbers = {name: masked(getattr(self, name)) for name in NUMBERS}
        return replace(self, **numbers, parties=[party.masked() for party in self.parties])


class ApplicationCard(Struct, frozen=True, kw_only=True):
    """An application as a small card shows it; amounts are in `currency`."""

    id: UUID
    user_id: UUID
    branch_id: UUID | None
    customer_id: UUID | None
    account_id: str | None
    full_name_khmer: str | None
    full_name_latin: str | None
    phone: str | None
    portfolio_officer_name: str | None
    product_type: ProductType | None
    currency: Currency
    requested_amount: Decimal | None
    approved_amount: Decimal | None
    desired_loan_term: int | None
    status: Status
    workflow_status: Stage
    priority_level: Priority
    assigned_reviewer: UUID | None
    submitted_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def masked(self) -> Self:
        """The same with its telephone masked."""
        return replace(self, phone=masked(self.phone))


class Sums(Struct, frozen=True):
    """What the applications in one currency come to; an approval that expired is none any more."""

    currency: Currency
    applications: int
    requested_amount: Decimal
    approved_amount: Decimal


class StatsSummary(Struct, frozen=True, kw_only=True):
    """How many applications there are, by where they stand and how urgent they are, and what they come to."""

    total: int
    by_status: dict[Status, int]
    by_workflow_status: dict[Stage, int]
    by_priority: dict[Priority, int]
    amounts: list[Sums]


class PriorityChange(Struct, frozen=True):
    """How soon an application should be worked on."""

    EXAMPLE: ClassVar[dict[str, object]] = {"priority_level": "high"}

    priority_level: Priority


class ReviewerChange(Struct, frozen=True):
    """Who is to review an application: the id of an account; null for nobody in particular."""

    EXAMPLE: ClassVar[dict[str, object]] = {"reviewer_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}

    reviewer_id: UUID | None
