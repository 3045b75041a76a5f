"""A folder in memory for what hundreds of databases write: the disk takes long to copy them, and to throw them away."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
OURS = "lc-workflow-tests-"
ROOM = 4 * 2**30
"""Bytes that must be free for each process that runs tests; one takes up to two thirds of them."""


@contextmanager
def roomy_folder(otherwise: Path) -> Iterator[Path]:
    """Give a folder in memory until the block ends, or the other one where there is not enough of it."""
    if not _has_room():
        yield otherwise
        return
    for left in MEMORY.glob(f"{OURS}*"):  # by runs that were killed
        if not Path("/proc", left.name.removeprefix(OURS)).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = MEMORY / f"{OURS}{os.getpid()}"
    folder.mkdir(mode=0o755)
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
