"""What Granian starts: the application, with its settings from the environment."""

import gc
import os
import sys
from typing import TYPE_CHECKING

from lc_workflow.platform.memory import settle
from lc_workflow.platform.signals import end_at_once_on_signals

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.plugins import PluginProtocol
    from litestar.types import ASGIApp


def create_app() -> "ASGIApp":
    """Build the application for one worker; a wrong variable ends the process with a sentence that names it."""
    end_at_once_on_signals()
    # What is built here stays as long as the process: to look through it for garbage again and again costs a sixth
    # of the start, and pauses of a third of a second later.
    gc.disable()
    app = _build()
    from lc_workflow.platform.starting import explaining  # noqa: PLC0415 - as in `_build`

    settle()
    return explaining(app)


def develop() -> "Litestar":
    """Build the application for `litestar --app lc_workflow.asgi:develop run`, which serves it by Granian as well."""
    from litestar_granian import GranianPlugin  # noqa: PLC0415 - it loads a command line that no worker needs

    return _build(GranianPlugin())


def _build(*command_line: "PluginProtocol") -> "Litestar":
    # Loading takes seconds, in which the process must hear already that it shall end.
    import lc_workflow.platform.watching.unloaded  # noqa: F401, PLC0415 - before what would load it
    from lc_workflow.platform.config import Settings  # noqa: PLC0415
    from lc_workflow.platform.logging import configure_logging  # noqa: PLC0415
    from lc_workflow.platform.variables import BadSetting  # noqa: PLC0415
    from lc_workflow.platform.watching.shared import share_figures  # noqa: PLC0415

    try:
        share_figures(os.environ)
        from lc_workflow import app  # noqa: PLC0415

        settings = Settings.from_environ()
        configure_logging(settings.log_level, settings.log_format)
        return app.create_app(settings, command_line=command_line)
    except BadSetting as refusal:
        sys.exit(f"lc-workflow cannot start: {refusal}")
