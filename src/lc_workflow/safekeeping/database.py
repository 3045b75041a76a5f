"""Dumping a database into a file and restoring it with PostgreSQL's programs, and counting its rows."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, cast

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from lc_workflow.platform.embedded import INSTALLED, NotInstalled, ending_with_us, postgres_programs
from lc_workflow.safekeeping.inventory import PIECE, BackupRefused

TABLES: Final = text(
    "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
)

TRUSTED: Final = ("PGSSLROOTCERT", "PGSSLCRL", "PGSSLCERT", "PGSSLKEY")
"""The variables that name certificates: the server's and ours."""
UNLESS_REFUSED: Final = {None, "allow", "prefer"}
"""The values of `sslmode` that accept a server without encryption."""
HERE: Final = {"localhost", "127.0.0.1", "::1"}

AS_NEW: Final = ". postgresql-client must be as new as the server, and as what wrote the backup."

NEW_SETTING: Final = b"SET transaction_timeout = 0;\n"
ONLY_WHERE_KNOWN: Final = b"SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout';\n"
SETTINGS_STAND_WITHIN: Final = 40
"""Settings are looked for in this many lines at the beginning of a script."""


async def rows_of(connection: AsyncConnection) -> dict[str, int]:
    """Count every table, in the connection's transaction."""
    tables = (await connection.scalars(TABLES)).all()
    return {table: await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables}  # noqa: S608


async def dump(url: URL, *words: str) -> None:
    """Run pg_dump.

    Raises:
        BackupRefused: It is not installed, or fails.
    """
    async with _running("pg_dump", url, *words) as process:
        await _ended_well("pg_dump", process)


async def restore(url: URL, file: Path) -> None:
    """Put a dump back in one transaction: pg_restore writes it as a script, and psql sends that to the database.

    pg_restore by itself begins with a setting that servers before PostgreSQL 17 refuse.

    Raises:
        BackupRefused: One of the two is not installed, or fails; the database is as it was.
    """
    words = "--no-owner", "--no-privileges", "--single-transaction", "--file=-", str(file)
    quiet = "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"  # the rest names people
    async with (
        _running("pg_restore", url, *words, stdout=PIPE) as reading,
        _running("psql", url, *quiet, stdin=PIPE, ended_by=signal.SIGINT) as writing,
    ):
        await _pass_on(reading, writing)
        await _ended_well("psql", writing)
        await _ended_well("pg_restore", reading)


async def _pass_on(reading: Process, writing: Process) -> None:
    """Send the script on; it ends with COMMIT, so one that breaks off changes nothing."""
    script, database = cast("asyncio.StreamReader", reading.stdout), cast("asyncio.StreamWriter", writing.stdin)
    with suppress(BrokenPipeError, ConnectionResetError):  # psql says why
        for _ in range(SETTINGS_STAND_WITHIN):
            line = await script.readline()
            database.write(ONLY_WHERE_KNOWN if line == NEW_SETTING else line)
        while piece := await script.read(PIECE):
            database.write(piece)
            await database.drain()
        database.close()
        await database.wait_closed()


def program(name: str, *, encrypting: bool) -> str:
    """Find the newest version of a PostgreSQL program on the machine.

    The embedded server's programs are built without encryption, so they count only where none is needed: elsewhere they
    would fail, or send a whole loan book through the internet in clear text.

    Raises:
        BackupRefused: There is none.
    """
    found = [str(path) for path in INSTALLED.glob(f"*/bin/{name}")]
    if on_path := shutil.which(name):
        found.append(on_path)
    if not encrypting:
        with suppress(NotInstalled):
            found.append(str(postgres_programs() / name))
    if not found:
        why = "; the embedded server's cannot encrypt" if encrypting else ""
        raise BackupRefused(
            f"{name} is not installed{why}. It comes with postgresql-client, as new as the server or newer."
        )
    return max(found, key=_major)


def _is_encrypted(url: URL) -> bool:
    """Whether the connection may be encrypted: `sslmode` says so, or it is not set and the server is elsewhere."""
    mode = url.query.get("ssl")
    if mode in UNLESS_REFUSED:
        return url.host is not None and not url.host.startswith("/") and url.host not in HERE
    return mode != "disable"


def _major(path: str) -> int:
    answer = subprocess.check_output([path, "--version"], text=True)  # noqa: S603 - a program of PostgreSQL
    return int(re.findall(r"\d+", answer)[0])


@asynccontextmanager
async def _running(
    name: str,
    url: URL,
    *words: str,
    stdin: int = DEVNULL,
    stdout: int = DEVNULL,
    ended_by: signal.Signals = signal.SIGTERM,
) -> AsyncIterator[Process]:
    """Run a program on the database while the block runs; its password stays out of the list of processes.

    What it runs on the server ends with it: `ended_by` is the signal at which it cancels that.
    """
    where = {
        "PGHOST": url.host,
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("ssl"),
        **{variable: os.environ.get(variable) for variable in TRUSTED},
    }
    process = await asyncio.create_subprocess_exec(
        program(name, encrypting=_is_encrypted(url)),
        *words,
        env={"PATH": os.environ.get("PATH", os.defpath), **{key: str(value) for key, value in where.items() if value}},
        stdin=stdin,
        stdout=stdout,
        stderr=PIPE,
        preexec_fn=ending_with_us(ended_by),
    )
    try:
        yield process
    finally:  # otherwise it would go on dumping or restoring after the command was interrupted
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(ended_by)
            if process.stdin is not None:
                process.stdin.close()
        await process.communicate()  # also of one that has ended: what nobody has read keeps its pipe open


async def _ended_well(name: str, process: Process) -> None:
    said = (await cast("asyncio.StreamReader", process.stderr).read()).decode(errors="replace").strip()
    if await process.wait():
        raise BackupRefused(f"{name} did not finish: {said[-500:]}{AS_NEW if 'version' in said else ''}")
