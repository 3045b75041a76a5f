"""The programs of PostgreSQL that write a database into a file and back, and what is counted in it."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import Final

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from lc_workflow.platform.embedded import NotInstalled, ending_with_us, postgres_programs
from lc_workflow.safekeeping.inventory import BackupRefused

TABLES: Final = text(
    "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
)


async def rows_of(connection: AsyncConnection) -> dict[str, int]:
    """Count every table, in the connection's transaction."""
    tables = (await connection.scalars(TABLES)).all()
    return {table: await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables}  # noqa: S608


async def dump(url: URL, *words: str) -> None:
    """Run pg_dump."""
    await _run("pg_dump", url, *words)


async def restore(url: URL, *words: str) -> None:
    """Run pg_restore."""
    await _run("pg_restore", url, *words)


def program(name: str) -> str:
    """Find a program of PostgreSQL: the newest that the embedded server or the machine has.

    Raises:
        BackupRefused: There is none.
    """
    found = []
    with suppress(NotInstalled):
        found.append(str(postgres_programs() / name))
    if on_path := shutil.which(name):
        found.append(on_path)
    if not found:
        raise BackupRefused(f"{name} is not installed; it comes with postgresql-client, as new as the server or newer.")
    return max(found, key=_major)


def _major(path: str) -> int:
    answer = subprocess.check_output([path, "--version"], text=True)  # noqa: S603 - a program of PostgreSQL
    return int(re.findall(r"\d+", answer)[0])


async def _run(name: str, url: URL, *words: str) -> None:
    """Run a program on the database; its password stays out of the list of processes."""
    where = {
        "PGHOST": url.host,
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("ssl"),
    }
    process = await asyncio.create_subprocess_exec(
        program(name),
        *words,
        env={"PATH": os.environ.get("PATH", os.defpath), **{key: str(value) for key, value in where.items() if value}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=ending_with_us(signal.SIGTERM),
    )
    try:
        _, said = await process.communicate()
    except BaseException:  # else it would go on writing, or restoring, for a command that was broken off
        process.terminate()  # they tell the server then
        await process.wait()
        raise
    if process.returncode:
        raise BackupRefused(f"{name} did not finish: {said.decode(errors='replace').strip()[-500:]}")
