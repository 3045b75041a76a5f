"""`make run` brings its own servers, finds its data again, and leaves nothing running however it ends."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from sqlalchemy import URL

from lc_workflow.identity.rules.roles import Role
from tests.deploy.conftest import Start, health_of, wait_until_nothing_is_left
from tests.moments import PATIENCE
from tests.seeding.planted import leave_four_applications

RUN = [sys.executable, "-m", "lc_workflow.cli", "run"]
NO_DEMO = {"DEBUG": "false"}
"""An empty database is filled only in development; who looks for nothing in it need not wait for that."""


@contextmanager
def officer_of_the_demo(port: int) -> Iterator[httpx.Client]:
    """Sign in to the institution that an empty database is filled with."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=PATIENCE) as client:
        login = client.post("/auth/login", data={"username": "officer", "password": "Demo#2026pass"})
        client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        yield client


@pytest.mark.timeout(400)
def test_one_command_serves_and_finds_its_data_even_after_kill_9_and_ctrl_c_ends_everything(
    image: Path, environment: dict[str, str], port: int, start: Start
) -> None:
    leave_four_applications(image / "db" / "seeds")
    first = start(RUN, environment)
    health = health_of(port, first)
    assert (health["status"], health["redis"]) == ("healthy", "healthy")
    assert first.stdout is not None
    assert any(f"http://127.0.0.1:{port}/schema" in line for line in first.stdout)
    assert any(f"Demo accounts: {', '.join(Role)}" in line for line in first.stdout)
    with officer_of_the_demo(port) as officer:
        drafted = officer.post("/applications", json={"full_name_latin": "SOK SOPHEA"}).json()
    first.kill()
    first.wait()
    wait_until_nothing_is_left(image)

    second = start(RUN, environment)
    health_of(port, second)
    with officer_of_the_demo(port) as officer:
        assert officer.get(f"/applications/{drafted['id']}").json()["full_name_latin"] == "SOK SOPHEA"
    second.send_signal(signal.SIGINT)
    assert second.wait(PATIENCE) == 0
    wait_until_nothing_is_left(image)


@pytest.mark.parametrize(("moment", "told"), [(0.3, signal.SIGTERM), (1.0, signal.SIGINT), (2.0, signal.SIGTERM)])
def test_a_run_told_to_end_while_it_starts_leaves_nothing(
    moment: float, told: signal.Signals, image: Path, environment: dict[str, str], start: Start
) -> None:
    process = start(RUN, environment)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(moment)
    process.send_signal(told)
    process.wait(PATIENCE)
    wait_until_nothing_is_left(image)


def test_a_taken_port_is_said(environment: dict[str, str], port: int, start: Start) -> None:
    with ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler) as stranger:
        Thread(target=stranger.serve_forever, daemon=True).start()
        process = start(RUN, environment)
        output, _ = process.communicate(timeout=PATIENCE)
        stranger.shutdown()
    assert process.returncode == 1
    assert "PORT" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("name", "value", "workers"),
    [
        ("DATABASE_URL", "postgresql://a:hunter2@127.0.0.1:1/loans", "1"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0", "1"),
        ("SECRET_KEY", "hunter2", "1"),
        ("HOST", "192.0.2.1", "1"),
        ("UPLOAD_FOLDER", "/dev/null", "1"),
        ("UPLOAD_FOLDER", "/dev/null", "2"),  # each of them would say so
    ],
)
def test_a_variable_that_does_not_work_is_named(
    name: str, value: str, workers: str, environment: dict[str, str], start: Start, copy_database: Callable[[], URL]
) -> None:
    there = copy_database().render_as_string(hide_password=False)
    process = start(RUN, {**environment, **NO_DEMO, "DATABASE_URL": there, "WEB_CONCURRENCY": workers, name: value})
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert output.count(name) == 1, output
    assert "hunter2" not in output
    assert "Traceback" not in output
