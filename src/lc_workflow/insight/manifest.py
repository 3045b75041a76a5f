"""What insight contributes: the routes of its figures, and the record of what it gives out."""

from lc_workflow.insight.audit.controllers import (
    ApplicationAuditController,
    AuditController,
    RightsAuditController,
)
from lc_workflow.insight.dashboard.controllers import DashboardController, PlaceStatsController
from lc_workflow.insight.events import JournalExported
from lc_workflow.insight.figures.controllers import FigureController
from lc_workflow.insight.people.controllers import PeopleController
from lc_workflow.insight.reports.controllers import ReportController
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(
        DashboardController,
        PlaceStatsController,
        AuditController,
        ApplicationAuditController,
        RightsAuditController,
        PeopleController,
        FigureController,
        ReportController,
    ),
    events=(JournalExported,),
)
