"""What system contributes: its routes, facts, jobs and refusals."""

from lc_workflow.platform.journal.anchoring import ANCHOR_JOURNAL
from lc_workflow.platform.manifest import Manifest
from lc_workflow.system.enums.controllers import EnumerationController
from lc_workflow.system.events import JobRetried, SettingAdded, SettingChanged, SettingRemoved
from lc_workflow.system.health.controllers import HealthController
from lc_workflow.system.jobs.controllers import JobController
from lc_workflow.system.settings.controllers import SettingController
from lc_workflow.system.settings.service import SettingExists

MANIFEST = Manifest(
    routes=(HealthController, SettingController, EnumerationController, JobController),
    events=(SettingAdded, SettingChanged, SettingRemoved, JobRetried),
    jobs=(ANCHOR_JOURNAL,),
    refusals={"uq_settings_key": lambda: SettingExists("There is a setting with this key already.")},
)
