"""Facts that lending announces."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from lc_workflow.kernel.events import Event

GAZETTEER: Final = UUID(int=0)
"""There is one gazetteer, so its facts are about nothing that could be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutApplication(Event):
    """A fact about one application."""

    subject: ClassVar[str] = "application"
    application_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDrafted(AboutApplication):
    """An officer began an application."""

    customer_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationChanged(AboutApplication):
    """Fields of an application were changed; `fields` names them, values stay out of the journal."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRemoved(AboutApplication):
    """A draft was thrown away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationMoved(AboutApplication):
    """An application took a step; `drafted_by` is who began it, `branch_id` where it belongs."""

    action: str
    source: str
    target: str
    drafted_by: UUID
    branch_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutTask(AboutApplication):
    """A fact about the work on an application at a stage."""

    task_id: UUID
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimed(AboutTask):
    """Somebody took a task from the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAwaited(AboutTask):
    """Another stage of approval is open: whoever holds its seat is asked to decide."""

    approval_stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReleased(AboutTask):
    """A task went back to the queue; `owner_id` had it."""

    owner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned(AboutTask):
    """A task was given to somebody, by name or because they had the least to do."""

    owner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineBreached(AboutTask):
    """A task is late, which is told once; `owner_id` has it, if anybody."""

    branch_id: UUID | None
    owner_id: UUID | None
    due_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutDisbursement(AboutApplication):
    """A fact about one request to pay a loan out."""

    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementRequested(AboutDisbursement):
    """Somebody asked for an approved loan to be paid out."""

    amount: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementHandedOver(AboutDisbursement):
    """Whatever pays loans out has the request; `connector` is the way it went."""

    connector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementConfirmed(AboutDisbursement):
    """Somebody else confirmed that the loan was paid out as approved; `reference` is the payment's."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementFailed(AboutDisbursement):
    """The loan was not paid out."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDeadlineSet(Event):
    """How many working minutes a stage may take was set; null minutes are the default again."""

    subject: ClassVar[str] = "deadline"
    deadline_id: UUID
    stage: str
    minutes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GazetteerLoaded(Event):
    """A list of places was taken in; `places` is how many it names."""

    subject: ClassVar[str] = "gazetteer"
    gazetteer_id: UUID = GAZETTEER
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeAssigned(AboutApplication):
    """An employee was asked to look after an application."""

    employee_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentChanged(AboutApplication):
    """An employee goes on looking after an application, in the role `role` from now on; `fields` names what changed."""

    employee_id: UUID
    role: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeReleased(AboutApplication):
    """An employee no longer looks after an application."""

    employee_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutProduct(Event):
    """A fact about a product."""

    subject: ClassVar[str] = "product"
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductOffered(AboutProduct):
    """A new product was written down."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged(AboutProduct):
    """A product has another name, or is lent again or no longer."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersionWritten(AboutProduct):
    """A draft of a product's version was begun or written anew."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersionPublished(AboutProduct):
    """A version of a product is in force from now on, and never changes."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutProfile(Event):
    """A fact about a profile of the law."""

    subject: ClassVar[str] = "profile"
    profile_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class JurisdictionProfileWritten(AboutProfile):
    """A law was written down."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JurisdictionProfileChanged(AboutProfile):
    """A profile was changed before anybody confirmed it."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JurisdictionProfileConfirmed(AboutProfile):
    """A compliance officer confirmed that this is the law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JurisdictionChosen(Event):
    """Loans are held against another law from now on."""

    subject: ClassVar[str] = "use"
    use_id: UUID
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRateSet(Event):
    """One unit of `base` is `rate` units of `currency` from a day on."""

    subject: ClassVar[str] = "rate"
    rate_id: UUID
    base: str
    currency: str
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancialsRecorded(AboutApplication):
    """Incomes, expenses and debts were written down; `lines` is how many."""

    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AffordabilityAssessed(AboutApplication):
    """It was judged whether the household can repay."""

    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentPolicySet(Event):
    """Households are judged by other limits from now on."""

    subject: ClassVar[str] = "policy"
    policy_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationScored(AboutApplication):
    """An application was scored; `decision` is what the person recommends who scored it."""

    total: int
    system_decision: str
    decision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardPublished(Event):
    """Loans are scored with another card from now on."""

    subject: ClassVar[str] = "scorecard"
    scorecard_id: UUID
    code: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAdded(AboutApplication):
    """Somebody said something about an application; the words stand with the comment."""

    comment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRemoved(AboutApplication):
    """Somebody took back what they had said about an application."""

    comment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationsExported(Event):
    """Somebody took applications out of the house as a file; `filters` says which, and whether names were searched.

    `numbers_whole` tells whether identity numbers and telephones were in it whole, as far as the person may read them.
    """

    subject: ClassVar[str] = "export"
    export_id: UUID
    form: str
    filters: dict[str, str]
    searched: bool
    numbers_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutCustomer(Event):
    """A fact about one customer."""

    subject: ClassVar[str] = "customer"
    customer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRegistered(AboutCustomer):
    """Somebody was written down for their own sake; those whom an application names are known by its draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged(AboutCustomer):
    """What is known of a customer was changed; `fields` names it, values stay out of the journal."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersMerged(AboutCustomer):
    """Another row turned out to be this customer; `application_ids` are the loans that came with it."""

    merged_id: UUID
    application_ids: tuple[UUID, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMergedAway(AboutCustomer):
    """This row turned out to be another customer, and points there from now on."""

    into_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleDuplicateFound(AboutCustomer):
    """A customer shares an identity paper or a telephone with somebody who seems to be another person."""

    other_id: UUID
    matched_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateDismissed(AboutCustomer):
    """Somebody found that two people who share a number are two."""

    other_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutMatrix(Event):
    """A fact about one version of the approval matrix; `number` is what people call it."""

    subject: ClassVar[str] = "approval_matrix"
    approval_matrix_id: UUID
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixDrafted(AboutMatrix):
    """A version of the approval matrix was written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixChanged(AboutMatrix):
    """A draft of the approval matrix was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixPublished(AboutMatrix):
    """Applications to come are decided by this version of the approval matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutAuthority(Event):
    """A fact about one authority: who holds which role, over what."""

    subject: ClassVar[str] = "authority"
    authority_id: UUID
    person_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityGiven(AboutAuthority):
    """Somebody was given authority to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityEnded(AboutAuthority):
    """Somebody's authority to decide ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutDelegation(Event):
    """A fact about one delegation: who stands in for whom, in which role."""

    subject: ClassVar[str] = "delegation"
    delegation_id: UUID
    from_id: UUID
    to_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDelegated(AboutDelegation):
    """Somebody handed a role on for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationEnded(AboutDelegation):
    """A delegation was taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTaken(AboutApplication):
    """Somebody decided at a stage; `snapshot_hash` is the SHA-256 of what they saw."""

    stage: str
    decision: str
    reason: str | None
    snapshot_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsVoided(AboutApplication):
    """Decisions no longer count, because what they rest on changed; they stay on record."""

    decisions: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionClosed(AboutApplication):
    """A condition of an approval is met."""

    condition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutChecklist(Event):
    """A fact about one version of the checklist."""

    subject: ClassVar[str] = "checklist"
    checklist_id: UUID
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistDrafted(AboutChecklist):
    """A checklist was written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistChanged(AboutChecklist):
    """A checklist that is still a draft was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistPublished(AboutChecklist):
    """A checklist is given to the applications to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperDescribed(AboutApplication):
    """Somebody wrote down whom a paper is about, of when it is, or until when it holds."""

    file_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperVerified(AboutApplication):
    """Somebody who did not hand a paper in looked at it; `verdict` says what they found."""

    file_id: UUID
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWaived(AboutApplication):
    """An application may pass without a paper, through a day."""

    waiver_id: UUID
    rule: str
    ends_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverEnded(AboutApplication):
    """A waiver was taken back."""

    waiver_id: UUID
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierAskedFor(AboutApplication):
    """Somebody has a dossier printed."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierTaken(AboutApplication):
    """Somebody took all that is known of an application in hand; `form` says how: json, pdf or zip."""

    form: str
