"""What lending contributes: its routes, facts, refusals, enumerations, and the answer to who may see papers."""

from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.applications.access import PapersOfApplications
from lc_workflow.lending.applications.controllers import ApplicationController, CustomerController
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.assessment.controllers import AssessmentController
from lc_workflow.lending.assignments.controllers import AssignmentController
from lc_workflow.lending.deadlines.controllers import DeadlineController
from lc_workflow.lending.disbursement.controllers import ApplicationDisbursementController, DisbursementController
from lc_workflow.lending.disbursement.jobs import HAND_OVER
from lc_workflow.lending.events import (
    AffordabilityAssessed,
    ApplicationChanged,
    ApplicationDrafted,
    ApplicationMoved,
    ApplicationRemoved,
    ApplicationScored,
    AssessmentPolicySet,
    AssignmentChanged,
    DeadlineBreached,
    DisbursementConfirmed,
    DisbursementFailed,
    DisbursementHandedOver,
    DisbursementRequested,
    EmployeeAssigned,
    EmployeeReleased,
    ExchangeRateSet,
    FinancialsRecorded,
    GazetteerLoaded,
    JurisdictionChosen,
    JurisdictionProfileChanged,
    JurisdictionProfileConfirmed,
    JurisdictionProfileWritten,
    ProductChanged,
    ProductOffered,
    ProductVersionPublished,
    ProductVersionWritten,
    ScorecardPublished,
    StageDeadlineSet,
    TaskAssigned,
    TaskClaimed,
    TaskReleased,
)
from lc_workflow.lending.exchange_rates.controllers import ExchangeRateController
from lc_workflow.lending.gazetteer.controllers import GazetteerController
from lc_workflow.lending.jurisdictions.controllers import JurisdictionController
from lc_workflow.lending.products.controllers import ProductController
from lc_workflow.lending.products.service import DraftUnderWay, ProductCodeTaken
from lc_workflow.lending.quotes.controllers import QuoteController
from lc_workflow.lending.rules.labels import LABELS
from lc_workflow.lending.scoring.controllers import ScoringController
from lc_workflow.lending.scoring.service import PublishedMeanwhile
from lc_workflow.lending.tasks.controllers import TaskController
from lc_workflow.lending.tasks.jobs import WATCH_DEADLINES
from lc_workflow.lending.workflow.controllers import WorkflowController
from lc_workflow.lending.workflow.jobs import EXPIRE_APPROVALS
from lc_workflow.organization.rules.references import NoSuchBranch
from lc_workflow.platform.http.provide import DbSession
from lc_workflow.platform.manifest import Manifest, labelled
from lc_workflow.platform.storage.base import ObjectStore


class AlreadyAssigned(Invalid):
    """The employee looks after the application in this role already."""


def open_applications(db_session: DbSession, store: NamedDependency[SkipValidation[ObjectStore]]) -> ApplicationService:
    """Provide the application service with the store of its papers."""
    return ApplicationService(db_session, store=store)


MANIFEST = Manifest(
    routes=(
        ApplicationController,
        CustomerController,
        AssignmentController,
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
        TaskClaimed,
        TaskReleased,
        TaskAssigned,
        DeadlineBreached,
        StageDeadlineSet,
        DisbursementRequested,
        DisbursementHandedOver,
        DisbursementConfirmed,
        DisbursementFailed,
    ),
    jobs=(WATCH_DEADLINES, EXPIRE_APPROVALS, HAND_OVER),
    dependencies={
        "application_access": Provide(PapersOfApplications, sync_to_thread=False),
        "applications": Provide(open_applications, sync_to_thread=False),
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
    },
)
