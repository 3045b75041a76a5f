"""What Granian starts: the application, with its settings from the environment."""

import sys

from litestar import Litestar

from lc_workflow import app
from lc_workflow.platform.config import BadSetting, Settings
from lc_workflow.platform.logging import configure_logging


def create_app() -> Litestar:
    """Build the application for one worker; a wrong variable ends the process with a sentence that names it."""
    try:
        settings = Settings.from_environ()
        configure_logging(settings.log_level, settings.log_format)
        return app.create_app(settings)
    except BadSetting as refusal:
        sys.exit(f"lc-workflow cannot start: {refusal}")
