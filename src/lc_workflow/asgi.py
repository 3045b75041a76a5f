"""What Granian starts: the application, with its settings from the environment.

The image runs `python -m lc_workflow.asgi granian --host …`, which checks the configuration and then becomes that
server.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING

from lc_workflow.platform.checking import become
from lc_workflow.platform.memory import settle
from lc_workflow.platform.signals import end_at_once_on_signals
from lc_workflow.platform.variables import BadSetting
from lc_workflow.platform.watching.shared import FOLDER

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.plugins import PluginProtocol
    from litestar.types import ASGIApp

    from lc_workflow.platform.config import Settings


def create_app() -> "ASGIApp":
    """Build the application for one worker; a wrong variable ends the process with a sentence that names it."""
    end_at_once_on_signals()
    # What is built here stays as long as the process. Searching it for garbage would take a sixth of the start, and
    # pauses of a third of a second later.
    gc.disable()
    app = _build_or_end()
    from lc_workflow.platform.starting import explaining  # noqa: PLC0415 - as in `_settings`

    settle()
    return explaining(app)


def develop() -> "Litestar":
    """Build the application for `litestar --app lc_workflow.asgi:develop run`, which serves it by Granian as well."""
    from litestar_granian import GranianPlugin  # noqa: PLC0415 - loads a command line that no worker needs

    return _build_or_end(GranianPlugin())


def rehearse(given: Mapping[str, str] = os.environ) -> None:
    """Try out what each worker will start on, and end; what takes longest, building the routes, is left out.

    Raises:
        BadSetting: Something that is configured does not work.
    """
    environ, counted_in = dict(given), os.environ.pop(FOLDER, None)  # this start counts in nobody's figures
    try:
        asyncio.run(_try_out(_settings(environ)))
    finally:
        if counted_in is not None:
            os.environ[FOLDER] = counted_in


async def _try_out(settings: "Settings") -> None:
    from lc_workflow.app import try_out  # noqa: PLC0415 - as in `_settings`
    from lc_workflow.platform.starting import refusal_in  # noqa: PLC0415 - likewise

    try:
        await try_out(settings)
    except Exception as cause:
        if refusal := refusal_in(cause):
            raise BadSetting(str(refusal)) from cause
        raise


def _build_or_end(*command_line: "PluginProtocol") -> "Litestar":
    try:
        return _build(os.environ, command_line=command_line)
    except BadSetting as refusal:
        sys.exit(f"lc-workflow cannot start: {refusal}")


def _build(environ: MutableMapping[str, str], *, command_line: "Sequence[PluginProtocol]" = ()) -> "Litestar":
    settings = _settings(environ)
    from lc_workflow import app  # noqa: PLC0415 - as in `_settings`

    return app.create_app(settings, command_line=command_line)


def _settings(environ: MutableMapping[str, str]) -> "Settings":
    # Loading takes seconds, and the process must already react when it is told to end.
    import lc_workflow.platform.watching.unloaded  # noqa: F401, PLC0415 - before what would load it
    from lc_workflow.platform.config import Settings  # noqa: PLC0415
    from lc_workflow.platform.logging import configure_logging  # noqa: PLC0415
    from lc_workflow.platform.watching.shared import share_figures  # noqa: PLC0415

    share_figures(environ)
    settings = Settings.from_environ(environ)
    configure_logging(settings.log_level, settings.log_format)
    return settings


if __name__ == "__main__":
    become(sys.argv[1:], os.environ, rehearse=rehearse)
