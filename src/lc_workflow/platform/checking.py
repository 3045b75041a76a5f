"""What is checked before a process becomes the server.

Granian reads its address and the number of workers itself, and names no variable when they are wrong. Everything else
is reported by a worker; several workers would report it in turn for ever, because each one that falls is replaced. So
one start is tried here first.
"""

import errno
import os
import socket
import sys
from collections.abc import Callable, MutableMapping, Sequence

from lc_workflow.platform.signals import end_in_order_on_signals
from lc_workflow.platform.variables import BadSetting, Listening, Variables


def become(command: Sequence[str], environ: MutableMapping[str, str], *, rehearse: Callable[[], None]) -> None:
    """Become what `command` starts, if it can listen here; a wrong variable ends the process with a sentence.

    `rehearse` starts once as each of several workers will, and raises what keeps them from starting.
    """
    end_in_order_on_signals()  # the first process of a container hears no signal that it does not ask for
    try:
        listening = Listening.read(Variables(environ))
        refuse_taken_port(listening.host, listening.port)
        if listening.workers > 1:
            rehearse()
            environ["GRANIAN_RESPAWN_FAILED_WORKERS"] = "true"  # as `workbench.serving` has it, and says why
    except BadSetting as refusal:
        sys.exit(f"lc-workflow cannot start: {refusal}")
    os.execvpe(command[0], list(command), environ)  # noqa: S606 - the command is the image's


def refuse_taken_port(host: str, port: int) -> None:
    """Stop before two servers share a port: Linux would allow it. Stop also when the port cannot be opened at all.

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
