"""Measures what one idle worker needs: memory, and the time from the start of the process to its first answer."""

import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from alembic import command
from alembic.config import Config

from bench.load import children, spent
from lc_workflow.platform.config import database_url
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.workbench import GRANIAN

ROOT = Path(__file__).resolve().parents[1]
RUNS, QUICK_RUNS = 5, 2
PATIENCE = 60
"""Seconds after which a start has failed."""

MOST_MEMORY = 160
"""MB an idle worker may hold (issue 2, design/performance.md)."""

MOST_SECONDS = 2.0
"""From the start of the process to the first healthy answer."""


@contextmanager
def worker(url: str, uploads: str) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Start one worker and wait for its first answer; gives the server and the seconds that took."""
    port = free_port()
    environ = (
        os.environ
        | GRANIAN
        | {
            "DATABASE_URL": url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "UPLOAD_FOLDER": uploads,
            "LOG_LEVEL": "WARNING",
        }
    )
    began = time.perf_counter()
    server = subprocess.Popen(
        [
            *(str(ROOT / ".venv/bin/granian"), "lc_workflow.asgi:create_app"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        ],
        env=environ,
        stdout=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5):
                    yield server, time.perf_counter() - began
                    return
            except (URLError, ConnectionError):
                if server.poll() is not None or time.perf_counter() - began > PATIENCE:
                    raise
                time.sleep(0.01)
    finally:
        server.terminate()
        server.wait(30)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def resident(pid: int) -> float:
    """The memory a process holds, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


def migrate(database: str) -> None:
    """Bring an empty database to the newest revision."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["database_url"] = database_url(database)
    command.upgrade(config, "head")


def report(name: str, figures: list[float], unit: str, most: float) -> bool:
    """Print one line with the spread over all runs; tells whether the median keeps its limit."""
    middle = statistics.median(figures)
    word = "ok" if middle <= most else "ABOVE"
    print(f"{name:<34}{min(figures):8.2f} {middle:8.2f} {max(figures):8.2f} {unit:<3} limit {most:g}  {word}")
    return middle <= most


def main(arguments: list[str]) -> int:
    """Measure a few starts on an embedded database of their own; ends with 1 when a limit is not kept.

    Both the clock and the processor count for a start: the difference says how busy the machine is.
    """
    runs = QUICK_RUNS if "--quick" in arguments else RUNS
    seconds, wall, memory = [], [], []
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder) / "postgres", durable=False) as database:
        migrate(database.url)
        for _ in range(runs):
            with worker(database.url, f"{folder}/uploads") as (server, took):
                seconds.append(spent([server.pid, *children(server.pid)]) / 1e6)
                time.sleep(0.5)  # what the first answers set in motion has settled
                wall.append(took)
                memory.append(max(resident(pid) for pid in children(server.pid)))
    print(f"{runs} starts{'':<28}minimum   median  maximum")
    kept = [
        report("start to healthy, processor time", seconds, "s", MOST_SECONDS),
        report("start to healthy, by the clock", wall, "s", MOST_SECONDS),
        report("memory of one idle worker", memory, "MB", MOST_MEMORY),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
