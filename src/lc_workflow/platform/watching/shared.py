"""The folder in which the workers of a server combine their metrics: created when missing, cleared of old files."""

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from lc_workflow.platform.variables import BadSetting

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_RUN: Final = "run"
"""The file that names the server the other files belong to."""


def share_figures(environ: MutableMapping[str, str]) -> None:
    """Prepare the folder for this process, before `prometheus_client` is imported and opens its files there.

    The counters of a dead worker stay, or its server's counters would fall; its open connections and sockets are
    removed. When another server ran here, all files of its workers are removed.

    Raises:
        BadSetting: The folder cannot be made or written.
    """
    if not environ.get(FOLDER, "").strip():
        environ.pop(FOLDER, None)  # an empty one would be the working folder to the library
        return
    folder = Path(environ[FOLDER])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run, ours = folder / _RUN, _server()
        goes_on = run.exists() and run.read_text() == ours
        for file in folder.glob("*.db"):
            worker = int(file.stem.rpartition("_")[2])
            is_stale = not goes_on or file.name.startswith("gauge_live")
            if is_stale and (worker == os.getpid() or not _lives(worker)):
                file.unlink(missing_ok=True)
        run.write_text(ours)
    except OSError as refused:
        raise BadSetting(f"{FOLDER} must be a folder that can be written ({type(refused).__name__}).") from refused


def _server() -> str:
    """Identify the process that starts the workers; its pid alone comes again after each restart of a container."""
    parent = os.getppid()
    try:
        began = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:  # no Linux
        began = ""
    return f"{parent} {began}"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True
