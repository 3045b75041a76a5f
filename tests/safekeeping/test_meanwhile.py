"""A backup is made while people work, and may be told to end: what it says it has, it has, and half of one is none."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.app import open_store
from lc_workflow.documents.library.service.removal import purge
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import Settings
from lc_workflow.safekeeping import database
from lc_workflow.safekeeping.backup import back_up
from lc_workflow.safekeeping.database import dump, restore
from lc_workflow.safekeeping.inventory import BackupRefused
from tests.moments import PATIENCE
from tests.platform.test_embedded import wait_until_ended
from tests.safekeeping.test_backup import ORDER, disk_of, empty_database, lived_in, run, variables_of, worked_in

__all__ = ["empty_database", "lived_in", "worked_in"]


@asynccontextmanager
async def session_of(settings: Settings) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(settings.database_url, poolclass=sqlalchemy.NullPool)
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


def test_what_the_night_removes_for_good_while_a_backup_is_made_is_no_loss(lived_in: Settings, tmp_path: Path) -> None:
    """The snapshot still names it; nobody could have brought it back."""
    store = open_store(lived_in, system_clock)
    whole = store.get
    purged: list[int] = []

    async def get(key: str, **part: Any) -> Any:
        if not purged:
            async with session_of(lived_in) as session:
                later = system_clock() + timedelta(days=1)
                purged.append(await purge(session, store, kept_for=timedelta(0), at=later))
        return await whole(key, **part)

    store.get = get  # type: ignore[method-assign]
    made = asyncio.run(back_up(lived_in, store, tmp_path / "backup", at=system_clock()))
    assert purged == [1]
    assert (made.missing, [key.partition("/")[0] for key in made.gone]) == ([], ["removed"])
    written = json.loads((tmp_path / "backup" / "manifest.json").read_bytes())
    assert (written["gone"], len(written["objects"])) == (made.gone, 3)


def test_what_a_backup_says_is_done_is_on_the_disk(
    lived_in: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        sync(descriptor)
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr("os.fsync", note)
    folder = tmp_path / "backup"
    assert run("backup", folder, settings=lived_in).exit_code == 0
    # pg_dump syncs what it writes itself
    wanted = {folder, *(path for path in folder.rglob("*") if path.name not in {"database.dump", "manifest.json"})}
    assert wanted <= {*synced}
    assert synced[-1] == folder, "the manifest has its name last of all"


def test_a_backup_goes_to_a_share_that_cannot_sync_its_names_as_well(
    lived_in: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def only_files(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().is_dir():
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(descriptor)

    monkeypatch.setattr("os.fsync", only_files)
    saved = run("backup", tmp_path / "backup", settings=lived_in)
    assert saved.exit_code == 0, saved.output


@contextmanager
def nobody_reads(table: str, settings: Settings) -> Iterator[None]:
    """Whoever would read the table waits."""
    with under_way(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", settings):
        yield


@contextmanager
def under_way(statement: str, settings: Settings) -> Iterator[None]:
    """Somebody did this, and has not committed it."""
    loop = asyncio.new_event_loop()
    engine = create_async_engine(settings.database_url, poolclass=sqlalchemy.NullPool)
    connection = loop.run_until_complete(engine.connect().start())
    loop.run_until_complete(connection.execute(text(statement)))
    try:
        yield
    finally:
        loop.run_until_complete(connection.close())
        loop.close()


def at_work(program: str, settings: Settings) -> int:
    """How many of a program of PostgreSQL work on the database now."""

    async def count() -> int:
        async with session_of(settings) as session:
            asked = text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = :name AND datname = current_database() AND state = 'active'"
            )
            return await session.scalar(asked, {"name": program}) or 0

    return asyncio.run(count())


def wait_while(process: "subprocess.Popen[str] | None", holds: Callable[[], bool]) -> None:
    """Look now and then, for as long as the process lives that is to bring a change about."""
    while holds():
        assert process is None or process.poll() is None
        time.sleep(0.1)  # each look costs the process some of its time


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_backup_that_is_told_to_end_leaves_nothing(told: signal.Signals, lived_in: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    with nobody_reads("files", lived_in):
        command = [sys.executable, "-m", "lc_workflow.cli", "backup", str(folder)]
        environ = {**os.environ, **variables_of(lived_in)}
        heard = partial(signal.signal, told, signal.SIG_DFL)  # also where the tests run under nohup
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as process:  # noqa: PLW1509
            wait_while(process, lambda: not at_work("pg_dump", lived_in))
            process.send_signal(told)
            _, said = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "Traceback" in said, said) == (
            1, False, "Error: Broken off before it was done; the same command begins again, or goes on.\n",
        )  # fmt: skip
        assert [*folder.iterdir()] == []
        wait_while(None, lambda: at_work("pg_dump", lived_in) > 0)
    assert run("backup", folder, settings=lived_in).exit_code == 0


def test_what_a_full_disk_breaks_off_is_put_back_once_there_is_room(
    lived_in: Settings, empty_database: sqlalchemy.URL, tmp_path: Path
) -> None:
    (lived_in.upload_folder / ORDER).write_bytes(bytes(2_000_000))
    assert run("backup", tmp_path / "backup", settings=lived_in).exit_code == 0
    place = replace(lived_in, database_url=empty_database, upload_folder=tmp_path / "elsewhere")
    with disk_of(1_000_000):
        full = run("restore", tmp_path / "backup", settings=place)
    assert (full.exit_code, "(File too large)" in full.output) == (1, True), full.output
    restored = run("restore", tmp_path / "backup", settings=place)
    assert restored.exit_code == 0, restored.output


def test_a_report_that_cannot_be_written_is_said_before_anything_is_moved(lived_in: Settings, tmp_path: Path) -> None:
    old = lived_in.database_url.render_as_string(hide_password=False)
    refused = run("move-from", old, "--report", tmp_path / "nowhere" / "report.json", settings=lived_in)
    assert (refused.exit_code, "No such file or directory" in refused.output) == (1, True), refused.output


def test_what_a_restore_has_begun_in_the_database_ends_with_it(
    lived_in: Settings, empty_database: sqlalchemy.URL, tmp_path: Path
) -> None:
    """Else it would go on for a command that was broken off, and fill the database behind everybody's back."""
    assert run("backup", tmp_path / "backup", settings=lived_in).exit_code == 0
    program, begun = tmp_path / "bin" / "pg_restore", tmp_path / "begun"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec echo pg_restore 99\necho $$ > {begun}\nexec sleep 600\n'
    )
    program.chmod(0o755)
    place = replace(lived_in, database_url=empty_database, upload_folder=tmp_path / "elsewhere")
    command = [sys.executable, "-m", "lc_workflow.cli", "restore", str(tmp_path / "backup")]
    environ = {**os.environ, **variables_of(place), "PATH": f"{program.parent}:{os.environ['PATH']}"}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        wait_while(process, lambda: not (begun.exists() and begun.read_text().strip()))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Broken off" in said) == (1, True), said
    wait_until_ended(int(begun.read_text()))
    restored = run("restore", tmp_path / "backup", settings=place)
    assert restored.exit_code == 0, restored.output


def test_a_restore_that_is_told_to_end_leaves_no_statement_behind(
    lived_in: Settings, empty_database: sqlalchemy.URL, tmp_path: Path
) -> None:
    assert run("backup", tmp_path / "backup", settings=lived_in).exit_code == 0
    place = replace(lived_in, database_url=empty_database, upload_folder=tmp_path / "elsewhere")
    with under_way("CREATE TABLE webhooks (id uuid)", place):  # its name is not free until then
        command = [sys.executable, "-m", "lc_workflow.cli", "restore", str(tmp_path / "backup")]
        environ = {**os.environ, **variables_of(place)}
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
            wait_while(process, lambda: not at_work("psql", place))
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "Broken off" in said) == (1, True), said
        assert at_work("psql", place) == 0
    restored = run("restore", tmp_path / "backup", settings=place)
    assert restored.exit_code == 0, restored.output


def test_a_backup_is_put_back_where_the_server_is_older_than_the_programs(
    lived_in: Settings, empty_database: sqlalchemy.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL 15 and 16 refuse a setting that pg_restore begins with since 17."""
    assert run("backup", tmp_path / "backup", settings=lived_in).exit_code == 0
    psql, told = tmp_path / "bin" / "psql", tmp_path / "told"
    psql.parent.mkdir()
    psql.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec echo psql 99\nexec cat > {told}\n')
    psql.chmod(0o755)
    monkeypatch.setenv("PATH", f"{psql.parent}:{os.environ['PATH']}")
    asyncio.run(restore(empty_database, tmp_path / "backup" / "database.dump"))
    script = told.read_text().splitlines()
    assert [line for line in script if line.startswith("SET transaction_timeout")] == []
    assert {"SET lock_timeout = 0;", "BEGIN;", "COMMIT;"} <= {*script}


def test_the_programs_know_the_certificates_that_we_know(
    lived_in: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a certificate is asked for, the embedded server's program will not do: it cannot encrypt."""
    pg_dump, told = tmp_path / "bin" / "pg_dump", tmp_path / "told"
    pg_dump.parent.mkdir()
    pg_dump.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec echo pg_dump 16\nexec env > {told}\n')
    pg_dump.chmod(0o755)
    monkeypatch.setenv("PATH", f"{pg_dump.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PGSSLROOTCERT", "/authority.pem")
    asyncio.run(dump(lived_in.database_url.update_query_dict({"ssl": "verify-full"})))
    assert {"PGSSLMODE=verify-full", "PGSSLROOTCERT=/authority.pem"} <= {*told.read_text().splitlines()}


@pytest.mark.parametrize(
    ("host", "mode", "must"),
    [
        ("127.0.0.1", None, False),
        ("localhost", "prefer", False),
        ("localhost", "require", True),
        ("db.example", None, True),
        ("db.example", "disable", False),
    ],
)
def test_a_book_leaves_the_machine_encrypted_unless_sslmode_says_otherwise(
    host: str, mode: str | None, monkeypatch: pytest.MonkeyPatch, *, must: bool
) -> None:
    chosen: list[bool] = []

    def note(name: str, *, encrypting: bool) -> str:
        chosen.append(encrypting)
        raise BackupRefused(name)

    monkeypatch.setattr(database, "program", note)
    url = sqlalchemy.make_url(f"postgresql+asyncpg://me@{host}/book")
    with pytest.raises(BackupRefused):
        asyncio.run(dump(url.update_query_dict({"ssl": mode}) if mode else url))
    assert chosen == [must]
