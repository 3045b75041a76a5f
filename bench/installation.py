"""A whole installation for a measurement: PostgreSQL, Valkey, the demo institution and Granian, gone afterwards."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import create_engine, make_url, text

from bench.run import ROOT, free_port, migrate
from lc_workflow.platform.config import Settings
from lc_workflow.platform.embedded import PostgresServer, postgres, valkey
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.workbench import serving
from lc_workflow.seeding.planting import plant

PASSWORD = "Bench#2026pass"
SECRET_KEY = secrets.token_urlsafe(48)
"""What one process plants, another one serves: what is kept sealed opens with this key alone."""

_copying = Lock()
"""A database that is being copied cannot be copied by somebody else."""


@contextmanager
def folder() -> Iterator[Path]:
    """A place that PostgreSQL can reach also when root measures."""
    place = Path(tempfile.mkdtemp(prefix="lc-workflow-bench-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def variables(database: str, redis: str | None, uploads: Path, **more: str) -> dict[str, str]:
    """What the processes of the installation see; nobody is counted or locked out."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database,
        **({"REDIS_URL": redis} if redis else {}),
        "SECRET_KEY": SECRET_KEY,
        "UPLOAD_FOLDER": str(uploads),
        "RATE_LIMIT_ENABLED": "false",
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "LOG_LEVEL": "CRITICAL",
        **more,
    }


@contextmanager
def planted() -> Iterator[tuple[PostgresServer, Path]]:
    """The demo institution in a database of its own, whose accounts are called by their roles, and its papers."""
    with folder() as place, postgres(place / "postgres") as server:
        migrate(server.url)
        settings = Settings.from_environ(variables(server.url, None, papers := place / "papers"))
        asyncio.run(plant(settings, ROOT / "db" / "seeds", demo_password=PASSWORD, passwords=Passwords(cost=4)))
        yield server, papers


@contextmanager
def served_on_a_copy(server: PostgresServer, papers: Path, name: str, **more: str) -> Iterator[tuple[str, str]]:
    """Serve a copy of a planted institution that nobody uses at this moment.

    Gives the address, and that of the copy.
    """
    with folder() as place, valkey(place / "valkey") as redis:
        house = make_url(server.url)
        with (
            _copying,
            create_engine(
                house.set(drivername="postgresql+psycopg", database="template1"), isolation_level="AUTOCOMMIT"
            ).connect() as connection,
        ):
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {house.database}"))
        shutil.copytree(papers, place / "papers")
        copy = house.set(database=name).render_as_string(hide_password=False)
        environ = variables(copy, redis, place / "papers", **more)
        settings = Settings.from_environ(environ)
        with serving(settings, environ):
            yield f"http://127.0.0.1:{settings.port}", copy
