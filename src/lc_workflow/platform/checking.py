"""What the image asks before it becomes its server: `python -m lc_workflow.platform.checking granian --host …`.

The server takes its address and the number of its workers for itself, and names no variable when they are wrong; and
what none of several workers can start on would be said by each of them, again and again.
"""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import MutableMapping, Sequence

from lc_workflow.platform.config import BadSetting, Settings
from lc_workflow.platform.db.reaching import probe_engine, reach_database
from lc_workflow.platform.db.revisions import look_at_the_revision
from lc_workflow.platform.signals import end_in_order_on_signals


def become(command: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Become what `command` starts, if it can serve here; a wrong variable ends the process with a sentence."""
    end_in_order_on_signals()  # the first process of a container hears no signal that it does not ask for
    try:
        settings = Settings.from_environ(environ)
        refuse_taken_port(settings)
        asyncio.run(_look_at_the_database(settings))
    except BadSetting as refusal:
        sys.exit(f"lc-workflow cannot start: {refusal}")
    if settings.workers > 1:  # as `workbench.serving` has it, and says why
        environ["GRANIAN_RESPAWN_FAILED_WORKERS"] = "true"
    os.execvpe(command[0], list(command), environ)  # noqa: S606 - the command is the image's


def refuse_taken_port(settings: Settings) -> None:
    """Stop before two servers share a port, which Linux would allow, and where nobody could listen at all.

    Raises:
        BadSetting: Somebody listens on the port, or this machine does not let us.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what ended a moment ago is in nobody's way
        try:
            probe.bind((settings.host, settings.port))
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                why = f"PORT {settings.port} is taken by another process; set PORT to a free one."
            elif refused.errno == errno.EACCES:
                why = f"PORT {settings.port} is only root's to listen on; set PORT to one from 1024 on."
            else:
                why = "HOST is no address of this machine; 127.0.0.1 is, and 0.0.0.0 stands for all it has."
            raise BadSetting(why) from None


async def _look_at_the_database(settings: Settings) -> None:
    engine = probe_engine(settings)
    try:
        await reach_database(engine)
        await look_at_the_revision(engine)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    become(sys.argv[1:], os.environ)
