"""What surrounds the application on one machine: its variables, its database and cache, the server process."""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import structlog
from alembic.runtime.migration import MigrationContext
from asyncpg import InterfaceError, PostgresError
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.reaching import engine_for_once, unanswered
from lc_workflow.platform.embedded import NotInstalled, ending_with_us, postgres, running_postgres, valkey
from lc_workflow.platform.variables import BadSetting

log = structlog.get_logger()

KILL_SECONDS: Final = 10
"""How long a worker may take to end; it is gone after 8 s by itself (`stopping`)."""
GRANIAN: Final = {
    "GRANIAN_INTERFACE": "asgi",
    "GRANIAN_FACTORY": "true",
    # How many connections a worker accepts. Idle browsers and web sockets count, so it must stay far above the
    # database pool, which is what limits the work.
    "GRANIAN_BACKPRESSURE": "4096",
    "GRANIAN_WORKERS_KILL_TIMEOUT": str(KILL_SECONDS),
    "GRANIAN_LOG_LEVEL": "warning",
    # Memory: threads share two heaps of the C library instead of having one each, and lines of tracebacks are not
    # underlined. Both together are some ten megabytes for each worker.
    "MALLOC_ARENA_MAX": "2",
    "PYTHONNODEBUGRANGES": "1",
}
"""How Granian and what it runs on are told to serve; the image sets the same."""
FRIENDLY: Final = {
    "DEBUG": "true",
    "HOST": "127.0.0.1",
    "LOG_FORMAT": "console",
    # Where the web app is when it is developed.
    "CORS_ORIGINS": "http://localhost:3000,http://127.0.0.1:3000",
}
"""Development defaults."""
START_SECONDS: Final = 60
HEALTH: Final = "/api/v1/health"


class ServerEnded(Exception):
    """The server process ended by itself, or never answered."""


def read_variables(file: Path) -> dict[str, str]:
    """Read the `NAME=value` lines of an `.env` file, without the quotes around a value and without comments.

    A comment begins with # at the beginning of a line, or after a blank behind a value or its quotes.

    Raises:
        BadSetting: It is no text in UTF-8.
    """
    variables = {}
    if file.exists():
        try:
            lines = file.read_text("utf-8-sig").splitlines()  # Windows writes a mark in front
        except UnicodeDecodeError:
            raise BadSetting(f"{file.name} must be a text in UTF-8.") from None
        for line in lines:
            name, equals, value = line.removeprefix("export ").partition("=")
            if equals and not name.lstrip().startswith("#"):
                variables[name.strip()] = _value(value)
    return variables


def _value(written: str) -> str:
    if quoted := re.match(r"""\s*(["'])(.*?)\1\s*(\s#|$)""", written):
        return quoted[2]
    return re.split(r"\s#", written, maxsplit=1)[0].strip()


@contextmanager
def with_database(environ: MutableMapping[str, str], local: Path) -> Iterator[None]:
    """Fill in `DATABASE_URL` when nobody has set it: the server that `make run` runs just now, or one of our own."""
    with ExitStack() as stack:
        if not environ.get("DATABASE_URL"):
            folder = local / "postgres"
            environ["DATABASE_URL"] = (running_postgres(folder) or stack.enter_context(postgres(folder))).url
        yield


@contextmanager
def with_everything(environ: MutableMapping[str, str], local: Path) -> Iterator[None]:
    """Fill in what development needs and nobody has set: database, cache, a permanent secret, friendly defaults."""
    with ExitStack() as stack:
        if not environ.get("DATABASE_URL"):
            environ["DATABASE_URL"] = stack.enter_context(postgres(local / "postgres")).url
        if not environ.get("REDIS_URL"):
            try:
                environ["REDIS_URL"] = stack.enter_context(valkey(local / "valkey"))
            except NotInstalled as missing:
                log.warning("limits and live messages stay inside one process", reason=str(missing))
        if not environ.get("SECRET_KEY"):
            environ["SECRET_KEY"] = lasting_secret(local / "secret-key")
        for name, value in FRIENDLY.items():
            environ[name] = environ.get(name) or value
        yield


def revision_of(url: URL) -> str | None:
    """Ask the database of `DATABASE_URL` which revision it is at; None when it is at none.

    Raises:
        BadSetting: The database does not answer.
    """

    async def ask() -> str | None:
        engine = engine_for_once(url)
        async with engine.connect() as connection:
            return await connection.run_sync(lambda held: MigrationContext.configure(held).get_current_revision())

    try:
        return asyncio.run(ask())
    except (OSError, PostgresError, InterfaceError, SQLAlchemyError) as silent:
        raise unanswered(silent) from silent


@contextmanager
def serving(settings: Settings, environ: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the server from its first healthy answer until the block ends.

    Raises:
        ServerEnded: It ended, or was silent for a minute.
    """
    where = ["--host", settings.host, "--port", str(settings.port), "--workers", str(settings.workers)]
    if settings.workers > 1:
        # One that was killed is replaced while the others go on. A worker by itself ends the server: one that takes
        # long to find out that it cannot start would be tried for ever.
        where.append("--respawn-failed-workers")
    process = subprocess.Popen(  # noqa: S603 - the command is ours
        [sys.executable, "-m", "granian", *where, "lc_workflow.asgi:create_app"],
        env={**environ, **GRANIAN},
        process_group=0,  # Ctrl-C reaches us alone, and we end it in order
        preexec_fn=ending_with_us(signal.SIGTERM),  # noqa: PLW1509 - as in `embedded`
    )
    patience = 0  # until it serves somebody; a worker that starts does not listen anyway
    try:
        _wait_until_it_answers(process, settings)
        patience = KILL_SECONDS + 1
        yield process
    finally:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", settings: Settings) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(settings):
        if process.poll() is not None:
            raise ServerEnded("The server ended while it started; the reason stands above.")
        if time.monotonic() > deadline:
            raise ServerEnded(f"The server did not answer {HEALTH} within {START_SECONDS} seconds.")
        time.sleep(0.05)


def _is_healthy(settings: Settings) -> bool:
    with suppress(OSError, HTTPException), closing(HTTPConnection(*_near(settings), timeout=5)) as connection:
        connection.request("GET", HEALTH)
        return connection.getresponse().status == 200  # noqa: PLR2004 - OK
    return False


def _near(settings: Settings) -> tuple[str, int]:
    """The address at which this machine reaches the server: one that listens everywhere listens on the loopback too."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - we connect, we do not bind
    return everywhere.get(settings.host, settings.host), settings.port


def lasting_secret(file: Path) -> str:
    """Keep one secret, so that tokens survive a restart."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text().strip()
