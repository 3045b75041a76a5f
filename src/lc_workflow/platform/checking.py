"""What the image asks before it becomes its server: `python -m lc_workflow.platform.checking granian --host …`.

The server takes its address and the number of its workers for itself, and names no variable when they are wrong. All
else a worker by itself says, and this loads nothing of it, for it would wait. Several could say it by turns for ever,
for whoever falls is replaced; so it is looked at here before there are any.
"""

import errno
import os
import socket
import sys
from collections.abc import MutableMapping, Sequence

from lc_workflow.platform.signals import end_in_order_on_signals
from lc_workflow.platform.variables import BadSetting, Listening, Variables


def become(command: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Become what `command` starts, if it can listen here; a wrong variable ends the process with a sentence."""
    end_in_order_on_signals()  # the first process of a container hears no signal that it does not ask for
    try:
        listening = Listening.read(Variables(environ))
        refuse_taken_port(listening.host, listening.port)
        if listening.workers > 1:
            _look_at_what_workers_share(environ)
            environ["GRANIAN_RESPAWN_FAILED_WORKERS"] = "true"  # as `workbench.serving` has it, and says why
    except BadSetting as refusal:
        sys.exit(f"lc-workflow cannot start: {refusal}")
    os.execvpe(command[0], list(command), environ)  # noqa: S606 - the command is the image's


def refuse_taken_port(host: str, port: int) -> None:
    """Stop before two servers share a port, which Linux would allow, and where nobody could listen at all.

    Raises:
        BadSetting: Somebody listens on the port, or this machine does not let us.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what ended a moment ago is in nobody's way
        try:
            probe.bind((host, port))
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                why = f"PORT {port} is taken by another process; set PORT to a free one."
            elif refused.errno == errno.EACCES:
                why = f"PORT {port} is only root's to listen on; set PORT to one from 1024 on."
            else:
                why = "HOST is no address of this machine; 127.0.0.1 is, and 0.0.0.0 stands for all it has."
            raise BadSetting(why) from None


def _look_at_what_workers_share(environ: MutableMapping[str, str]) -> None:
    """Make sure that all variables can be read, and that the database, at this release's revision, and Redis answer."""
    import asyncio  # noqa: PLC0415 - loaded for several workers alone, with all that follows

    import lc_workflow.platform.watching.unloaded  # noqa: F401, PLC0415 - before what would load it
    from lc_workflow.platform.config import Settings  # noqa: PLC0415
    from lc_workflow.platform.db.reaching import probe_engine, reach_database  # noqa: PLC0415
    from lc_workflow.platform.db.revisions import look_at_the_revision  # noqa: PLC0415
    from lc_workflow.platform.stores import open_redis, reach  # noqa: PLC0415

    async def look(settings: Settings) -> None:
        engine, redis = probe_engine(settings), open_redis(settings.redis_url)
        try:
            await reach_database(engine)
            await look_at_the_revision(engine)
            if redis:
                await reach(redis)
        finally:
            await engine.dispose()
            if redis:
                await redis.aclose()

    asyncio.run(look(Settings.from_environ(environ)))


if __name__ == "__main__":
    become(sys.argv[1:], os.environ)
