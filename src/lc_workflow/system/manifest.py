"""What system contributes: its routes, facts, jobs and refusals."""

from lc_workflow.platform.idempotency.keys import FORGET_REQUESTS
from lc_workflow.platform.journal.anchoring import ANCHOR_JOURNAL
from lc_workflow.platform.manifest import Manifest
from lc_workflow.system.enums.controllers import EnumerationController
from lc_workflow.system.events import FactsReplayed, JobRetried, SettingAdded, SettingChanged, SettingRemoved
from lc_workflow.system.health.controllers import HealthController
from lc_workflow.system.jobs.controllers import JobController
from lc_workflow.system.metrics.controllers import MetricsController
from lc_workflow.system.outbox.controllers import OutboxController
from lc_workflow.system.settings.controllers import SettingController
from lc_workflow.system.settings.service import SettingExists

MANIFEST = Manifest(
    routes=(
        HealthController,
        MetricsController,
        SettingController,
        EnumerationController,
        JobController,
        OutboxController,
    ),
    events=(SettingAdded, SettingChanged, SettingRemoved, JobRetried, FactsReplayed),
    jobs=(
        ANCHOR_JOURNAL,
        FORGET_REQUESTS,
    ),
    refusals={"uq_settings_key": lambda: SettingExists("There is a setting with this key already.")},
)
