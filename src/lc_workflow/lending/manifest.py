"""What lending contributes: its routes, facts, refusals, enumerations, and the answer to who may see papers."""

from litestar.di import Provide

from lc_workflow.lending.applications.access import PapersOfApplications
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    dependencies={"application_access": Provide(PapersOfApplications, sync_to_thread=False)},
)
