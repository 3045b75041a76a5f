"""What insight contributes."""

from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest()
