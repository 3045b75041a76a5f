"""Folders in memory for what databases write: the disk takes long to keep it, to copy it, and to throw it away."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

MEMORY = Path("/dev/shm")
OURS = "lc-workflow-test-"
ROOM = 4 * 2**30
"""Bytes that must be free for each process that runs tests; one takes up to two thirds of them."""


@contextmanager
def roomy_folder() -> Iterator[Path]:
    """Give a folder until the block ends: in memory, or on the disk where there is not enough of it.

    PostgreSQL reaches it even when root runs the tests, which is not true of pytest's own folders.
    """
    for left in MEMORY.glob(f"{OURS}*"):  # by runs that were killed
        if not Path("/proc", left.name.removeprefix(OURS).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(mkdtemp(prefix=f"{OURS}{os.getpid()}-", dir=MEMORY if _has_room() else None))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _has_room() -> bool:
    needed = ROOM * int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < needed:
        return False
    available = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    return available is not None and int(available[1]) * 1024 >= needed
