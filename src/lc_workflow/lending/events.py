"""Facts that lending announces."""

from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from lc_workflow.kernel.events import Event

GAZETTEER: Final = UUID(int=0)
"""There is one gazetteer, so its facts are about nothing that could be told apart."""


class AboutApplication(Event, frozen=True, kw_only=True):
    """A fact about one application."""

    subject: ClassVar[str] = "application"
    application_id: UUID


class ApplicationDrafted(AboutApplication, frozen=True, kw_only=True):
    """An officer began an application."""

    customer_id: UUID | None


class ApplicationChanged(AboutApplication, frozen=True, kw_only=True):
    """Fields of an application were changed; `fields` names them, values stay out of the journal."""

    fields: tuple[str, ...]


class ApplicationRemoved(AboutApplication, frozen=True, kw_only=True):
    """A draft was thrown away."""


class ApplicationMoved(AboutApplication, frozen=True, kw_only=True):
    """An application took a step; `drafted_by` is who began it, `branch_id` where it belongs.

    `reason` is told for steps that need one; older facts are without it.
    """

    action: str
    source: str
    target: str
    drafted_by: UUID
    branch_id: UUID | None
    reason: str | None = None


class AboutTask(AboutApplication, frozen=True, kw_only=True):
    """A fact about the work on an application at a stage."""

    task_id: UUID
    stage: str


class TaskClaimed(AboutTask, frozen=True, kw_only=True):
    """Somebody took a task from the queue."""


class DecisionAwaited(AboutTask, frozen=True, kw_only=True):
    """Another stage of approval is open: whoever holds its seat is asked to decide."""

    approval_stage: str


class DecisionByNobody(AboutTask, frozen=True, kw_only=True):
    """Nobody may take the decision that a loan waits for: the stage is left without anybody who holds its seat there.

    It stands for all the loans, `waiting` in number, that wait in the same branch at the same stage of approval.
    """

    branch_id: UUID | None
    approval_stage: str | None
    role: str | None
    waiting: int


class TaskReleased(AboutTask, frozen=True, kw_only=True):
    """A task went back to the queue; `owner_id` had it."""

    owner_id: UUID


class TaskAssigned(AboutTask, frozen=True, kw_only=True):
    """A task was given to somebody, by name or because they had the least to do."""

    owner_id: UUID


class DeadlineBreached(AboutTask, frozen=True, kw_only=True):
    """A task is late, which is told once; `owner_id` has it, if anybody."""

    branch_id: UUID | None
    owner_id: UUID | None
    due_at: str


class AboutDisbursement(AboutApplication, frozen=True, kw_only=True):
    """A fact about one request to pay a loan out."""

    request_id: UUID


class DisbursementRequested(AboutDisbursement, frozen=True, kw_only=True):
    """Somebody asked for an approved loan to be paid out.

    `amount` is what the borrower is given: the principal without the deducted fees. Facts of before those were kept
    back say neither.
    """

    amount: str
    currency: str
    principal: str | None = None
    deducted_fees: str | None = None


class DisbursementAskedAgain(AboutDisbursement, frozen=True, kw_only=True):
    """Somebody asked again for a payment that nobody tried to hand over any more."""


class DisbursementNotTaken(AboutDisbursement, frozen=True, kw_only=True):
    """Whatever pays loans out has not taken a request, however often it was tried; `attempts` says how often."""

    attempts: int


class DisbursementHandedOver(AboutDisbursement, frozen=True, kw_only=True):
    """Whatever pays loans out has the request; `connector` is the way it went."""

    connector: str


class DisbursementConfirmed(AboutDisbursement, frozen=True, kw_only=True):
    """Somebody else confirmed that the loan was paid out as asked for; `reference` is the payment's."""

    reference: str


class DisbursementFailed(AboutDisbursement, frozen=True, kw_only=True):
    """The loan was not paid out."""

    reason: str


class StageDeadlineSet(Event, frozen=True, kw_only=True):
    """How many working minutes a stage may take was set; null minutes are the default again."""

    subject: ClassVar[str] = "deadline"
    deadline_id: UUID
    stage: str
    minutes: int | None


class GazetteerLoaded(Event, frozen=True, kw_only=True):
    """A list of places was taken in; `places` is how many it names."""

    subject: ClassVar[str] = "gazetteer"
    gazetteer_id: UUID = GAZETTEER
    places: int


class EmployeeAssigned(AboutApplication, frozen=True, kw_only=True):
    """An employee was asked to look after an application."""

    employee_id: UUID
    role: str


class AssignmentChanged(AboutApplication, frozen=True, kw_only=True):
    """An employee goes on looking after an application, in the role `role` from now on; `fields` names what changed."""

    employee_id: UUID
    role: str
    fields: tuple[str, ...]


class EmployeeReleased(AboutApplication, frozen=True, kw_only=True):
    """An employee no longer looks after an application."""

    employee_id: UUID
    role: str


class AboutProduct(Event, frozen=True, kw_only=True):
    """A fact about a product."""

    subject: ClassVar[str] = "product"
    product_id: UUID


class ProductOffered(AboutProduct, frozen=True, kw_only=True):
    """A new product was written down."""

    code: str


class ProductChanged(AboutProduct, frozen=True, kw_only=True):
    """A product has another name, or is lent again or no longer."""

    fields: tuple[str, ...]


class ProductVersionWritten(AboutProduct, frozen=True, kw_only=True):
    """A draft of a product's version was begun or written anew."""

    number: int


class ProductVersionPublished(AboutProduct, frozen=True, kw_only=True):
    """A version of a product is in force from now on, and never changes."""

    number: int


class AboutProfile(Event, frozen=True, kw_only=True):
    """A fact about a profile of the law."""

    subject: ClassVar[str] = "profile"
    profile_id: UUID


class JurisdictionProfileWritten(AboutProfile, frozen=True, kw_only=True):
    """A law was written down."""

    code: str


class JurisdictionProfileChanged(AboutProfile, frozen=True, kw_only=True):
    """A profile was changed before anybody confirmed it."""

    fields: tuple[str, ...]


class JurisdictionProfileConfirmed(AboutProfile, frozen=True, kw_only=True):
    """A compliance officer confirmed that this is the law."""


class JurisdictionChosen(Event, frozen=True, kw_only=True):
    """Loans are held against another law from now on."""

    subject: ClassVar[str] = "use"
    use_id: UUID
    before: str
    after: str


class ExchangeRateSet(Event, frozen=True, kw_only=True):
    """One unit of `base` is `rate` units of `currency` from a day on."""

    subject: ClassVar[str] = "rate"
    rate_id: UUID
    base: str
    currency: str
    rate: Decimal


class FinancialsRecorded(AboutApplication, frozen=True, kw_only=True):
    """Incomes, expenses and debts were written down; `lines` is how many."""

    lines: int


class AffordabilityAssessed(AboutApplication, frozen=True, kw_only=True):
    """It was judged whether the household can repay."""

    verdict: str


class AssessmentPolicySet(Event, frozen=True, kw_only=True):
    """Households are judged by other limits from now on."""

    subject: ClassVar[str] = "policy"
    policy_id: UUID


class ApplicationScored(AboutApplication, frozen=True, kw_only=True):
    """An application was scored; `decision` is what the person recommends who scored it."""

    total: int
    system_decision: str
    decision: str | None
    reason: str | None = None


class ScorecardPublished(Event, frozen=True, kw_only=True):
    """Loans are scored with another card from now on."""

    subject: ClassVar[str] = "scorecard"
    scorecard_id: UUID
    code: str
    version: int


class CommentAdded(AboutApplication, frozen=True, kw_only=True):
    """Somebody said something about an application; the words stand with the comment."""

    comment_id: UUID


class CommentRemoved(AboutApplication, frozen=True, kw_only=True):
    """Somebody took back what they had said about an application."""

    comment_id: UUID


class ApplicationsExported(Event, frozen=True, kw_only=True):
    """Somebody took applications out of the house as a file; `filters` says which, and whether names were searched.

    `rows` is how many there were when the file was begun.
    `numbers_whole` tells whether identity numbers and telephones were in it whole, as far as the person may read them.
    """

    subject: ClassVar[str] = "export"
    export_id: UUID
    form: str
    filters: dict[str, str]
    searched: bool
    numbers_whole: bool = False
    rows: int | None = None


class AboutCustomer(Event, frozen=True, kw_only=True):
    """A fact about one customer."""

    subject: ClassVar[str] = "customer"
    customer_id: UUID


class CustomerRegistered(AboutCustomer, frozen=True, kw_only=True):
    """Somebody was written down for their own sake; those whom an application names are known by its draft."""


class CustomerChanged(AboutCustomer, frozen=True, kw_only=True):
    """What is known of a customer was changed; `fields` names it, values stay out of the journal."""

    fields: tuple[str, ...]


class CustomersMerged(AboutCustomer, frozen=True, kw_only=True):
    """Another row turned out to be this customer; `application_ids` are the loans that came with it."""

    merged_id: UUID
    application_ids: tuple[UUID, ...]
    reason: str


class CustomerMergedAway(AboutCustomer, frozen=True, kw_only=True):
    """This row turned out to be another customer, and points there from now on."""

    into_id: UUID
    reason: str


class CustomerForgotten(AboutCustomer, frozen=True, kw_only=True):
    """A row that an application alone wrote down and nothing refers to any more is gone, numbers and all.

    `written_for` is the application, and `into_id` who the person turned out to be, where the application says.
    """

    written_for: UUID
    into_id: UUID | None = None


class PossibleDuplicateFound(AboutCustomer, frozen=True, kw_only=True):
    """A customer shares an identity paper or a telephone with somebody who seems to be another person."""

    other_id: UUID
    matched_by: str


class DuplicateDismissed(AboutCustomer, frozen=True, kw_only=True):
    """Somebody found that two people who share a number are two."""

    other_id: UUID


class AboutMatrix(Event, frozen=True, kw_only=True):
    """A fact about one version of the approval matrix; `number` is what people call it."""

    subject: ClassVar[str] = "approval_matrix"
    approval_matrix_id: UUID
    number: int


class MatrixDrafted(AboutMatrix, frozen=True, kw_only=True):
    """A version of the approval matrix was written down."""


class MatrixChanged(AboutMatrix, frozen=True, kw_only=True):
    """A draft of the approval matrix was changed."""


class MatrixPublished(AboutMatrix, frozen=True, kw_only=True):
    """Applications to come are decided by this version of the approval matrix."""


class AboutAuthority(Event, frozen=True, kw_only=True):
    """A fact about one authority: who holds which role, over what."""

    subject: ClassVar[str] = "authority"
    authority_id: UUID
    person_id: UUID
    role: str


class AuthorityGiven(AboutAuthority, frozen=True, kw_only=True):
    """Somebody was given authority to decide."""


class AuthorityEnded(AboutAuthority, frozen=True, kw_only=True):
    """Somebody's authority to decide ended."""


class AboutDelegation(Event, frozen=True, kw_only=True):
    """A fact about one delegation: who stands in for whom, in which role."""

    subject: ClassVar[str] = "delegation"
    delegation_id: UUID
    from_id: UUID
    to_id: UUID
    role: str


class RoleDelegated(AboutDelegation, frozen=True, kw_only=True):
    """Somebody handed a role on for a while."""

    reason: str | None = None


class DelegationEnded(AboutDelegation, frozen=True, kw_only=True):
    """A delegation was taken back."""


class DecisionTaken(AboutApplication, frozen=True, kw_only=True):
    """Somebody decided at a stage; `snapshot_hash` is the SHA-256 of what they saw."""

    stage: str
    decision: str
    reason: str | None
    snapshot_hash: str


class DecisionsVoided(AboutApplication, frozen=True, kw_only=True):
    """Decisions no longer count, because what they rest on changed; they stay on record."""

    decisions: int
    reason: str


class ConditionClosed(AboutApplication, frozen=True, kw_only=True):
    """A condition of an approval is met."""

    condition_id: UUID


class AboutChecklist(Event, frozen=True, kw_only=True):
    """A fact about one version of the checklist."""

    subject: ClassVar[str] = "checklist"
    checklist_id: UUID
    number: int


class ChecklistDrafted(AboutChecklist, frozen=True, kw_only=True):
    """A checklist was written down."""


class ChecklistChanged(AboutChecklist, frozen=True, kw_only=True):
    """A checklist that is still a draft was changed."""


class ChecklistPublished(AboutChecklist, frozen=True, kw_only=True):
    """A checklist is given to the applications to come."""


class PaperDescribed(AboutApplication, frozen=True, kw_only=True):
    """Somebody wrote down whom a paper is about, of when it is, or until when it holds."""

    file_id: UUID


class PaperVerified(AboutApplication, frozen=True, kw_only=True):
    """Somebody who did not hand a paper in looked at it; `verdict` says what they found."""

    file_id: UUID
    verdict: str


class PaperWaived(AboutApplication, frozen=True, kw_only=True):
    """An application may pass without a paper, through a day."""

    waiver_id: UUID
    rule: str
    ends_on: str
    reason: str | None = None


class WaiverEnded(AboutApplication, frozen=True, kw_only=True):
    """A waiver was taken back."""

    waiver_id: UUID
    rule: str


class DossierAskedFor(AboutApplication, frozen=True, kw_only=True):
    """Somebody has a dossier printed."""

    language: str


class DossierTaken(AboutApplication, frozen=True, kw_only=True):
    """Somebody took all that is known of an application in hand; `form` says how: json, pdf or zip."""

    form: str
