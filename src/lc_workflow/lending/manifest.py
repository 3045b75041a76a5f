"""What lending contributes: its routes, facts, refusals, enumerations, and the answer to who may see papers."""

from datetime import date
from decimal import Decimal
from typing import Annotated, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, SkipValidation

from lc_workflow.identity.events import AccountChanged, AccountOpened, RightGiven, RightTaken, RoleTaken
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.lending.applications.access import PapersOfApplications
from lc_workflow.lending.applications.controllers import ApplicationController, LoansOfCustomerController
from lc_workflow.lending.applications.jobs import ADD_UP_TALLIES
from lc_workflow.lending.applications.queries import ApplicationSortKey, Loanbook, Wanted
from lc_workflow.lending.applications.service import ApplicationService, IdTaken
from lc_workflow.lending.approvals.listeners import find_the_path_again
from lc_workflow.lending.approvals.queries import WhatIsSeen
from lc_workflow.lending.assessment.controllers import AssessmentController
from lc_workflow.lending.assignments.controllers import AssignmentController, WorkloadController
from lc_workflow.lending.authorities.controllers import AuthorityController, DelegationController
from lc_workflow.lending.checklists.controllers import ChecklistController
from lc_workflow.lending.comments.controllers import CommentController
from lc_workflow.lending.conditions.controllers import ConditionController
from lc_workflow.lending.deadlines.controllers import DeadlineController
from lc_workflow.lending.disbursement.controllers import ApplicationDisbursementController, DisbursementController
from lc_workflow.lending.disbursement.jobs import CALL_OFF, HAND_OVER
from lc_workflow.lending.dossiers.controllers import DossierController
from lc_workflow.lending.dossiers.jobs import CLEAR_DOSSIERS, PRINT_DOSSIER
from lc_workflow.lending.events import (
    AffordabilityAssessed,
    ApplicationChanged,
    ApplicationDrafted,
    ApplicationMoved,
    ApplicationRemoved,
    ApplicationScored,
    ApplicationsExported,
    AssessmentPolicySet,
    AssignmentChanged,
    AuthorityEnded,
    AuthorityGiven,
    ChecklistChanged,
    ChecklistDrafted,
    ChecklistPublished,
    CommentAdded,
    CommentRemoved,
    ConditionClosed,
    CustomerChanged,
    CustomerForgotten,
    CustomerMergedAway,
    CustomerRegistered,
    CustomersMerged,
    DeadlineBreached,
    DecisionAwaited,
    DecisionByNobody,
    DecisionsVoided,
    DecisionTaken,
    DelegationEnded,
    DisbursementAskedAgain,
    DisbursementConfirmed,
    DisbursementFailed,
    DisbursementHandedOver,
    DisbursementNotTaken,
    DisbursementRequested,
    DossierAskedFor,
    DossierTaken,
    DuplicateDismissed,
    EmployeeAssigned,
    EmployeeReleased,
    ExchangeRateSet,
    FinancialsRecorded,
    GazetteerLoaded,
    JurisdictionChosen,
    JurisdictionProfileChanged,
    JurisdictionProfileConfirmed,
    JurisdictionProfileWritten,
    MatrixChanged,
    MatrixDrafted,
    MatrixPublished,
    PaperDescribed,
    PaperVerified,
    PaperWaived,
    PossibleDuplicateFound,
    ProductChanged,
    ProductOffered,
    ProductVersionPublished,
    ProductVersionWritten,
    RoleDelegated,
    ScorecardPublished,
    StageDeadlineSet,
    TaskAssigned,
    TaskClaimed,
    TaskReleased,
    WaiverEnded,
)
from lc_workflow.lending.exchange_rates.controllers import ExchangeRateController
from lc_workflow.lending.exports.controllers import ExportController
from lc_workflow.lending.fieldwork.controllers import SyncController
from lc_workflow.lending.gazetteer.controllers import GazetteerController
from lc_workflow.lending.handover.service import Desk
from lc_workflow.lending.jurisdictions.controllers import JurisdictionController
from lc_workflow.lending.matrices.controllers import MatrixController
from lc_workflow.lending.matrices.queries import OfficesOfMatrices
from lc_workflow.lending.officers.controllers import OfficerController
from lc_workflow.lending.parties.controllers import CollateralController, PartyController
from lc_workflow.lending.products.controllers import ProductController
from lc_workflow.lending.products.service import DraftUnderWay, ProductCodeTaken
from lc_workflow.lending.quotes.controllers import QuoteController
from lc_workflow.lending.reckoning.jobs import RECKON_DEADLINES
from lc_workflow.lending.reckoning.listeners import reckon_anew
from lc_workflow.lending.recognition.controllers import RecognitionController
from lc_workflow.lending.registry.controllers import CustomerController
from lc_workflow.lending.requirements.controllers import RequirementController
from lc_workflow.lending.rules.labels import LABELS
from lc_workflow.lending.rules.stages import Stage, Status
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.lending.scoring.controllers import ScoringController
from lc_workflow.lending.scoring.service import PublishedMeanwhile
from lc_workflow.lending.tasks.controllers import TaskController
from lc_workflow.lending.tasks.jobs import WATCH_DEADLINES, WATCH_OWNERS, WATCH_SEATS
from lc_workflow.lending.tasks.listeners import (
    let_go,
    look_at_loans_they_may_stand_behind,
    look_at_their_other_loans,
    seat_again,
)
from lc_workflow.lending.workflow.controllers import WorkflowController
from lc_workflow.lending.workflow.jobs import EXPIRE_APPROVALS
from lc_workflow.organization.events import EmployeeChanged, EmployeeHired, HolidayAdded, HolidayRemoved, HoursSet
from lc_workflow.organization.rules.references import NoSuchBranch
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.paging import SortOrder
from lc_workflow.platform.http.provide import DbSession, Provider, provide
from lc_workflow.platform.http.shapes import MOST
from lc_workflow.platform.manifest import Manifest, labelled
from lc_workflow.platform.storage.base import ObjectStore

_Bound: TypeAlias = Annotated[Decimal | None, QueryParameter(schema_extra={"minimum": 0, "maximum": float(MOST)})]


def wanted_applications(  # noqa: PLR0917 - Litestar reads them by name
    search: FromQuery[str | None] = None,
    status: FromQuery[Status | None] = None,
    workflow_status: FromQuery[Stage | None] = None,
    amount_min: _Bound = None,
    amount_max: _Bound = None,
    date_from: FromQuery[date | None] = None,
    date_to: FromQuery[date | None] = None,
    officer_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    priority_level: FromQuery[Priority | None] = None,
    sort_by: FromQuery[ApplicationSortKey] = ApplicationSortKey.CREATED_AT,
    sort_order: FromQuery[SortOrder] = SortOrder.DESC,
) -> Wanted:
    """Read which applications a list, a card view, a summary or an export is asked for.

    Raises:
        InvalidInput: A bound is no amount that a loan can have.
    """
    bounds = {"amount_min": amount_min, "amount_max": amount_max}
    if wrong := [name for name, bound in bounds.items() if bound is not None and not 0 <= bound <= MOST]:
        raise cannot_take(FieldError(name, f"must be an amount from 0 to {MOST}", "query") for name in wrong)
    return Wanted(
        search=search,
        status=status,
        workflow_status=workflow_status,
        amount_min=amount_min,
        amount_max=amount_max,
        date_from=date_from,
        date_to=date_to,
        officer_id=officer_id,
        branch_id=branch_id,
        priority_level=priority_level,
        sort_by=sort_by,
        descending=sort_order is SortOrder.DESC,
    )


class AlreadyAssigned(Invalid):
    """The employee looks after the application in this role already."""


def open_applications(db_session: DbSession, store: NamedDependency[SkipValidation[ObjectStore]]) -> ApplicationService:
    """Provide the application service with the store of its papers."""
    return ApplicationService(db_session, store=store)


MANIFEST = Manifest(
    routes=(
        RecognitionController,
        ApplicationController,
        CustomerController,
        AssignmentController,
        WorkloadController,
        OfficerController,
        WorkflowController,
        GazetteerController,
        QuoteController,
        ProductController,
        JurisdictionController,
        ExchangeRateController,
        AssessmentController,
        ScoringController,
        TaskController,
        DeadlineController,
        ApplicationDisbursementController,
        DisbursementController,
        LoansOfCustomerController,
        PartyController,
        CollateralController,
        ExportController,
        CommentController,
        ConditionController,
        MatrixController,
        AuthorityController,
        DelegationController,
        ChecklistController,
        RequirementController,
        DossierController,
        SyncController,
    ),
    events=(
        ApplicationDrafted,
        ApplicationChanged,
        ApplicationRemoved,
        ApplicationMoved,
        EmployeeAssigned,
        AssignmentChanged,
        EmployeeReleased,
        GazetteerLoaded,
        ProductOffered,
        ProductChanged,
        ProductVersionWritten,
        ProductVersionPublished,
        JurisdictionProfileWritten,
        JurisdictionProfileChanged,
        JurisdictionProfileConfirmed,
        JurisdictionChosen,
        ExchangeRateSet,
        FinancialsRecorded,
        AffordabilityAssessed,
        AssessmentPolicySet,
        ApplicationScored,
        ScorecardPublished,
        DecisionAwaited,
        DecisionByNobody,
        TaskClaimed,
        TaskReleased,
        TaskAssigned,
        DeadlineBreached,
        StageDeadlineSet,
        DisbursementRequested,
        DisbursementAskedAgain,
        DisbursementNotTaken,
        DisbursementHandedOver,
        DisbursementConfirmed,
        DisbursementFailed,
        CustomerRegistered,
        CustomerChanged,
        CustomersMerged,
        CustomerMergedAway,
        CustomerForgotten,
        PossibleDuplicateFound,
        DuplicateDismissed,
        ApplicationsExported,
        CommentAdded,
        CommentRemoved,
        MatrixDrafted,
        MatrixChanged,
        MatrixPublished,
        AuthorityGiven,
        AuthorityEnded,
        RoleDelegated,
        DelegationEnded,
        DecisionTaken,
        DecisionsVoided,
        ConditionClosed,
        ChecklistDrafted,
        ChecklistChanged,
        ChecklistPublished,
        PaperDescribed,
        PaperVerified,
        PaperWaived,
        WaiverEnded,
        DossierAskedFor,
        DossierTaken,
    ),
    listeners={
        AffordabilityAssessed: (find_the_path_again, seat_again),
        ApplicationScored: (find_the_path_again, seat_again),
        **dict.fromkeys((ApplicationMoved, CustomersMerged), (look_at_their_other_loans,)),
        **dict.fromkeys((HolidayAdded, HolidayRemoved, HoursSet), (reckon_anew,)),
        **dict.fromkeys(
            (AccountOpened, EmployeeHired, EmployeeChanged, CustomerChanged), (look_at_loans_they_may_stand_behind,)
        ),
        AccountChanged: (look_at_loans_they_may_stand_behind, let_go),
        **dict.fromkeys((RoleTaken, RightGiven, RightTaken, AuthorityEnded, DelegationEnded), (let_go,)),
    },
    jobs=(
        ADD_UP_TALLIES,
        WATCH_DEADLINES,
        WATCH_OWNERS,
        WATCH_SEATS,
        EXPIRE_APPROVALS,
        HAND_OVER,
        CALL_OFF,
        PRINT_DOSSIER,
        CLEAR_DOSSIERS,
        RECKON_DEADLINES,
    ),
    dependencies={
        "application_access": Provider(PapersOfApplications),
        "wanted_applications": Provider(wanted_applications),
        "loan_book": Provider(Loanbook),
        "offices": Provider(OfficesOfMatrices),
        "open_work": provide(Desk),
        "seen": provide(WhatIsSeen),
        "applications": Provider(open_applications),
    },
    enumerations={name: labelled(labels) for name, labels in LABELS.items()},
    refusals={
        "uq_application_employee_assignments_active": lambda: AlreadyAssigned(
            "This employee looks after the application in this role already."
        ),
        "uq_scorecard_versions_code_version": PublishedMeanwhile,
        "uq_products_code": ProductCodeTaken,
        "uq_product_versions_draft": DraftUnderWay,
        "uq_product_versions_product_id_number": DraftUnderWay,
        "fk_customer_applications_branch_id": NoSuchBranch,
        "pk_customer_applications": IdTaken,
        "fk_customers_branch_id": NoSuchBranch,
        "fk_authorities_branch_id": NoSuchBranch,
    },
)
