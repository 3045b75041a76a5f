"""The content of a dossier, and its printing, as answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.approvals.schemas import ConditionAnswer, DecisionAnswer
from lc_workflow.lending.quotes.schemas import QuoteAnswer
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.checklist import Gate, Need
from lc_workflow.lending.rules.disbursement import DisbursementStatus
from lc_workflow.lending.rules.dossier import Language, PrintStatus
from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.lending.rules.terms import IdCardType, MaritalStatus, Sex


class DossierSummary(Struct, frozen=True, kw_only=True):
    """Where the application stands, and who began it."""

    id: UUID
    stage: Stage
    cycle: int
    branch: str | None
    drafted_by: str | None
    portfolio_officer_name: str | None
    created_at: datetime
    submitted_at: datetime | None
    approved_at: datetime | None


class BorrowerPart(Struct, frozen=True, kw_only=True):
    """The borrower as they applied; amounts are in the loan's currency."""

    full_name_khmer: str | None
    full_name_latin: str | None
    id_card_type: IdCardType | None
    id_number: str | None
    date_of_birth: date | None
    sex: Sex | None
    marital_status: MaritalStatus | None
    phone: str | None
    address: str | None
    occupation: str | None
    employer_name: str | None
    income_source: str | None
    monthly_income: Decimal | None
    monthly_expenses: Decimal | None
    assets_value: Decimal | None
    account_id: str | None


class RequestPart(Struct, frozen=True, kw_only=True):
    """What was asked for and what was approved; terms are in months, rates in percent per year."""

    product: str | None
    currency: Currency
    requested_amount: Decimal | None
    requested_term: int | None
    interest_rate: Decimal | None
    loan_purposes: list[str]
    purpose_details: str | None
    requested_disbursement_date: date | None
    recommended_amount: Decimal | None
    recommended_term: int | None
    recommended_rate: Decimal | None
    approved_amount: Decimal | None
    approved_term: int | None
    approved_rate: Decimal | None


class PartyPart(Struct, frozen=True, kw_only=True):
    """Somebody who stands behind the loan."""

    role: PartyRole
    full_name_khmer: str | None
    full_name_latin: str | None
    id_number: str | None
    phone: str | None
    relation: str | None
    address: str | None


class CollateralPart(Struct, frozen=True, kw_only=True):
    """Something that is pledged; without a currency its value is in the loan's."""

    kind: str | None
    description: str | None
    title_number: str | None
    owner_name: str | None
    value: Decimal | None
    currency: Currency | None


class AssessmentPart(Struct, frozen=True, kw_only=True):
    """What the last look at the household and the last score say; a person's recommendation goes before the card's.

    `outdated` names which of the two is of the application before it changed in substance: affordability, score.
    """

    verdict: str | None
    score: str | None
    grade: str | None
    risk: str | None
    recommendation: str | None
    outdated: list[str]


class PaymentPart(Struct, frozen=True, kw_only=True):
    """A payment that was asked for, and how it ended; `amount` is the principal without the fees that are kept back.

    `closed_by_name` confirmed it or said that it failed.
    """

    id: UUID
    status: DisbursementStatus
    cycle: int
    currency: Currency
    principal: Decimal
    deducted_fees: Decimal
    amount: Decimal
    account_id: str
    requested_at: datetime
    requested_by_name: str
    connector: str | None
    handed_over_at: datetime | None
    external_reference: str | None
    attempts: int
    last_error: str | None
    closed_at: datetime | None
    closed_by_name: str | None
    paid_on: date | None
    reference: str | None
    failure_reason: str | None


class ChecklistPart(Struct, frozen=True, kw_only=True):
    """A paper that is asked for, and how it stands with it."""

    rule: str
    label: str
    label_khmer: str
    subject_name: str | None
    count: int
    gate: Gate | None
    status: Need


class WaiverPart(Struct, frozen=True, kw_only=True):
    """A paper that somebody let the application pass without, in which cycle, why and until when.

    `rule` names the papers in `checklist`; `subject_name` is empty where it is for everybody, or for somebody who
    stands behind the loan no more. It was ended before its day where it says by whom.
    """

    rule: str
    subject_name: str | None
    cycle: int
    reason: str
    granted_by_name: str
    granted_at: datetime
    ends_on: date
    ended_by_name: str | None
    ended_at: datetime | None


class MovePart(Struct, frozen=True, kw_only=True):
    """A step the application took."""

    at: datetime
    action: Action
    source: Stage
    target: Stage
    cycle: int
    actor_name: str | None
    on_behalf_of_name: str | None
    reason: str | None
    comment: str | None


class PaperPart(Struct, frozen=True, kw_only=True):
    """A paper that was handed in, with the fingerprint of its bytes."""

    file_id: UUID
    document_type: str | None
    label: str | None
    label_khmer: str | None
    name: str
    folder: str | None
    mime_type: str
    size: int
    sha256: str
    uploaded_at: datetime
    version: int


class DossierContent(Struct, frozen=True, kw_only=True):
    """All that is known of one application; identity numbers and telephones are masked for those without the right."""

    application: DossierSummary
    numbers_masked: bool
    borrower: BorrowerPart
    request: RequestPart
    parties: list[PartyPart]
    collateral: list[CollateralPart]
    assessment: AssessmentPart
    schedule: QuoteAnswer | None
    schedule_refusal: str | None
    decisions: list[DecisionAnswer]
    conditions: list[ConditionAnswer]
    payments: list[PaymentPart]
    checklist: list[ChecklistPart]
    waivers: list[WaiverPart]
    history: list[MovePart]
    papers: list[PaperPart]


class DossierAnswer(Struct, frozen=True):
    """The content of a dossier and its fingerprint, which a printed one carries at the foot of each page."""

    content: DossierContent
    content_sha256: str


class PrintWish(Struct, frozen=True, kw_only=True):
    """The language to print a dossier in."""

    EXAMPLE: ClassVar[dict[str, object]] = {"language": "km"}

    language: Language = Language.KHMER


class PrintAnswer(Struct, frozen=True, kw_only=True):
    """How far the printing is, in percent; one that is ready can be downloaded, `size` is in bytes."""

    id: UUID
    application_id: UUID
    language: Language
    status: PrintStatus
    progress: int
    content_sha256: str
    sha256: str | None
    size: int | None
    asked_at: datetime
    finished_at: datetime | None
