"""What the image asks before it becomes its server: `python -m lc_workflow.platform.checking granian --host …`.

The server takes its address and the number of its workers for itself, and names no variable when they are wrong. All
else its workers say; this loads nothing of theirs, for they would wait.
"""

import errno
import os
import socket
import sys
from collections.abc import MutableMapping, Sequence

from lc_workflow.platform.variables import BadSetting, Listening, Variables


def become(command: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Become what `command` starts, if it can listen here; a wrong variable ends the process with a sentence."""
    try:
        listening = Listening.read(Variables(environ))
        refuse_taken_port(listening.host, listening.port)
    except BadSetting as refusal:
        sys.exit(f"lc-workflow cannot start: {refusal}")
    if listening.workers > 1:  # as `workbench.serving` has it, and says why
        environ["GRANIAN_RESPAWN_FAILED_WORKERS"] = "true"
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


if __name__ == "__main__":
    become(sys.argv[1:], os.environ)
