"""What system contributes: its routes, facts and refusals."""

from lc_workflow.platform.manifest import Manifest
from lc_workflow.system.enums.controllers import EnumerationController
from lc_workflow.system.events import SettingAdded, SettingChanged, SettingRemoved
from lc_workflow.system.health.controllers import HealthController
from lc_workflow.system.settings.controllers import SettingController
from lc_workflow.system.settings.service import SettingExists

MANIFEST = Manifest(
    routes=(HealthController, SettingController, EnumerationController),
    events=(SettingAdded, SettingChanged, SettingRemoved),
    refusals={"uq_settings_key": lambda: SettingExists("There is a setting with this key already.")},
)
