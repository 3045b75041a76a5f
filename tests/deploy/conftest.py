"""An installation laid out as the image has it, and processes that cannot outlive a test."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.files import lay_out_image
from tests.moments import PATIENCE
from tests.servers.memory import roomy_folder
from tests.servers.ports import free_port

Start = Callable[[Sequence[str], Mapping[str, str]], "subprocess.Popen[str]"]


@pytest.fixture
def image() -> Iterator[Path]:
    """The files of the image in a folder of its own, which PostgreSQL may enter too."""
    with roomy_folder() as folder:
        lay_out_image(folder)
        yield folder


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def environment(image: Path, port: int) -> dict[str, str]:
    """What a process in the image sees: its own code first, this environment's programs, and no variable of ours."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "PYTHONPATH": str(image / "src"),
        "PYTHONUNBUFFERED": "1",
        "PORT": str(port),
    }


@pytest.fixture
def start(image: Path) -> Iterator[Start]:
    """Start a process in the image's folder; what still runs at the end is told to end, with its children."""
    processes = []
    # A script starts what runs in its background with Ctrl-C ignored, and so would we start ours.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def starting(command: Sequence[str], environ: Mapping[str, str]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command, cwd=image, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        processes.append(process)
        return process

    yield starting
    for process in processes:
        process.terminate()  # not kill: Granian's workers would live on
        process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()
    wait_until_nothing_is_left(image)


def those_at_home_in(folder: Path) -> list[int]:
    """The processes that belong to this installation, by their variables or their folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder).encode() in (process / "environ").read_bytes() + (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def wait_until_nothing_is_left(image: Path) -> None:
    """The servers inherited the locks of their folders; whoever gets a lock knows that they are gone."""
    deadline = time.monotonic() + PATIENCE
    locks = list((image / ".local").glob("*/lock"))
    while (rest := those_at_home_in(image)) or any(is_held(lock) for lock in locks):
        assert time.monotonic() < deadline, f"still there: {rest or locks}"
        time.sleep(0.05)


def is_held(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def health_of(port: int, process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for the first answer of the health check; a first start plants the demo before that."""
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stdout is not None
            pytest.fail(f"the server ended while it started:\n{process.stdout.read()}")
        with suppress(httpx.TransportError):
            answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/health", timeout=PATIENCE)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())
        time.sleep(0.05)
    pytest.fail("the server did not answer")
