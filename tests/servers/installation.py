"""A whole installation in processes of its own: Granian with its workers, as the image starts it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from lc_workflow.platform.config import Settings
from lc_workflow.platform.workbench import serving
from tests.moments import PATIENCE
from tests.servers.ports import free_port


def variables_of(
    database: URL, uploads: Path, *, workers: int = 1, redis_url: str | None = None, **variables: str
) -> dict[str, str]:
    """What the processes of an installation see."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database.render_as_string(hide_password=False),
        "SECRET_KEY": "a secret that only the tests know, long enough",
        "UPLOAD_FOLDER": str(uploads),
        "RATE_LIMIT_ENABLED": "false",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "WEB_CONCURRENCY": str(workers),
        "LOG_LEVEL": "WARNING",
        **({"REDIS_URL": redis_url} if redis_url else {}),
        **variables,
    }


@contextmanager
def installation(
    database: URL, uploads: Path, *, workers: int = 1, redis_url: str | None = None, **variables: str
) -> Iterator[str]:
    """Serve from a database until the block ends; gives the address."""
    environ = variables_of(database, uploads, workers=workers, redis_url=redis_url, **variables)
    settings = Settings.from_environ(environ)
    with serving(settings, environ):
        deadline = time.monotonic() + PATIENCE
        while listeners_on(settings.port) < workers:  # the first has answered; the others still start
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield f"http://127.0.0.1:{settings.port}"


def listeners_on(port: int) -> int:
    """Count the sockets that take connections on a port; each worker has one of its own."""
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(state == "0A" and int(address.split(":")[1], 16) == port for _, address, _, state, *_ in sockets)
