"""Pre-deploy command, start commands and health checks do here what they do on the platforms."""

import asyncio
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from lc_workflow.platform.verify import Deployment, verify
from tests.deploy.conftest import Start, health_of, those_at_home_in
from tests.deploy.files import final_stage, health_check, image_environment, railway
from tests.moments import PATIENCE
from tests.servers.databases import empty_database_on, stand_at

WEB_APP = "https://app.branch.example"
SECRET = "a secret of thirty-two characters or more"
AN_OLDER_RELEASE = "0360_plain_names"
"""A revision that others follow."""


@pytest.fixture
def production(server: URL, environment: dict[str, str]) -> dict[str, str]:
    """What an installation is told, on an empty database; the URL is in a hosting provider's form."""
    url = empty_database_on(server).set(drivername="postgres").render_as_string(hide_password=False)
    return {**environment, "DATABASE_URL": url, "SECRET_KEY": SECRET, "CORS_ORIGINS": WEB_APP}


def start_of_the_image() -> list[str]:
    """The command of the image, which is Railway's too: `test_files` compares them."""
    return final_stage()["CMD"].arguments


def test_a_deployment_migrates_becomes_healthy_and_ends_in_order(
    production: dict[str, str],
    image: Path,
    port: int,
    start: Start,
) -> None:
    environ = {**image_environment(), **production}
    for step in railway()["deploy"]["preDeployCommand"]:
        subprocess.run(shlex.split(step), cwd=image, env=environ, check=True, timeout=PATIENCE)

    process = start(start_of_the_image(), environ)
    assert health_of(port, process)["status"] == "healthy"
    findings = verify(Deployment(f"http://127.0.0.1:{port}", origin=WEB_APP))
    assert [finding for finding in findings if not finding.passed] == []
    assert subprocess.run(health_check(), cwd=image, env=environ, check=False).returncode == 0

    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert those_at_home_in(image) == []
    dead = subprocess.run(health_check(), cwd=image, env=environ, check=False, stderr=subprocess.DEVNULL)
    assert dead.returncode == 1


@pytest.mark.parametrize("moment", [0.4, 1.2])
def test_a_server_told_to_end_while_it_starts_ends(
    moment: float, production: dict[str, str], copy_database: Callable[[], URL], image: Path, start: Start
) -> None:
    # A server whose database is not migrated would end by itself.
    migrated = {"DATABASE_URL": copy_database().render_as_string(hide_password=False)}
    patience = {"GRANIAN_WORKERS_KILL_TIMEOUT": str(round(PATIENCE * 2))}  # so that who hangs is not helped
    process = start(start_of_the_image(), {**image_environment(), **production, **migrated, **patience})
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(moment)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert those_at_home_in(image) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "the database"}, "DATABASE_URL is not a database URL"),
        ({"DATABASE_URL": "postgres://a:hunter2@127.0.0.1:1/loans"}, "does not answer (ConnectionRefusedError)"),
    ],
)
def test_a_migration_that_finds_no_database_says_so(
    given: dict[str, str], said: str, production: dict[str, str], image: Path
) -> None:
    (step,) = railway()["deploy"]["preDeployCommand"]
    migration = subprocess.run(
        shlex.split(step),
        cwd=image,
        env={**image_environment(), **production, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert migration.returncode != 0
    assert said in migration.stdout + migration.stderr
    assert "Traceback" not in migration.stderr
    assert "hunter2" not in migration.stdout + migration.stderr


def test_an_image_that_nobody_migrated_for_says_what_to_do(production: dict[str, str], start: Start) -> None:
    process = start(start_of_the_image(), {**image_environment(), **production})
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "run alembic upgrade head first" in output
    assert "Traceback" not in output


def test_an_image_on_an_older_database_says_what_to_do_and_takes_nobody_in(
    production: dict[str, str], copy_database: Callable[[], URL], start: Start
) -> None:
    database = copy_database()
    asyncio.run(stand_at(database, AN_OLDER_RELEASE))
    older = {"DATABASE_URL": database.render_as_string(hide_password=False)}
    process = start(start_of_the_image(), {**image_environment(), **production, **older})
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "run alembic upgrade head first" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"HOST": "localhost"}, "HOST must be an address"),
        ({"HOST": "0.0.0.0 --port 80"}, "HOST must be an address"),
        ({"HOST": "192.0.2.1"}, "HOST is no address of this machine"),
        ({"PORT": "eight"}, "PORT must be a whole number"),
        ({"PORT": "70000"}, "PORT must be at least 1 and at most 65535"),
        ({"WEB_CONCURRENCY": "two"}, "WEB_CONCURRENCY must be a whole number"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY must be at least 1"),
        ({"WEB_CONCURRENCY": "2"}, "WEB_CONCURRENCY above 1 needs REDIS_URL"),
    ],
)
def test_a_variable_that_the_server_itself_reads_is_named_as_well(
    given: dict[str, str], said: str, production: dict[str, str], start: Start
) -> None:
    process = start(start_of_the_image(), {**image_environment(), **production, **given})
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert [line for line in output.splitlines() if line] == [output.strip()], "one sentence"
    assert output.startswith(f"lc-workflow cannot start: {said}")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "REDIS_URL is set and Redis does not answer there (ConnectionError)."),
        (
            {"MINIO_ENDPOINT": "127.0.0.1:1", "MINIO_ACCESS_KEY": "a", "MINIO_SECRET_KEY": "b"},
            "The address MINIO_ENDPOINT names does not answer as an S3 store does.",
        ),
        ({"UPLOAD_FOLDER": "/proc/uploads"}, "The folder UPLOAD_FOLDER names cannot be written."),
        (
            {"ALLOWED_FILE_TYPES": "image/x"},
            "ALLOWED_FILE_TYPES names types that cannot be told by their content: image/x.",
        ),
        (
            {"PROMETHEUS_MULTIPROC_DIR": "/proc/figures"},
            "PROMETHEUS_MULTIPROC_DIR must be a folder that can be written (FileNotFoundError).",
        ),
    ],
)
def test_what_none_of_several_workers_could_start_on_is_one_sentence_and_the_end(
    given: dict[str, str],
    said: str,
    production: dict[str, str],
    copy_database: Callable[[], URL],
    redis_url: str,
    start: Start,
) -> None:
    several = {"WEB_CONCURRENCY": "2", "REDIS_URL": redis_url}
    migrated = {"DATABASE_URL": copy_database().render_as_string(hide_password=False)}
    process = start(start_of_the_image(), {**image_environment(), **production, **migrated, **several, **given})
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert output == f"lc-workflow cannot start: {said}\n"


def test_an_empty_address_counts_as_absent_before_the_server_is_ours_too(
    production: dict[str, str], start: Start
) -> None:
    process = start(start_of_the_image(), {**image_environment(), **production, "HOST": "", "SECRET_KEY": "short"})
    output, _ = process.communicate(timeout=PATIENCE)
    assert "SECRET_KEY" in output
    assert "Traceback" not in output


def test_an_image_with_a_wrong_variable_says_which_and_stops(production: dict[str, str], start: Start) -> None:
    process = start(start_of_the_image(), {**image_environment(), **production, "SECRET_KEY": "hunter2"})
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "SECRET_KEY" in output
    assert "hunter2" not in output
    assert "Traceback" not in output


def test_a_worker_that_cannot_start_says_so_as_well_and_has_loaded_nothing_for_nobody(
    production: dict[str, str], copy_database: Callable[[], URL], start: Start
) -> None:
    migrated = {"DATABASE_URL": copy_database().render_as_string(hide_password=False)}
    wrong = {"ALLOWED_FILE_TYPES": "application/x-hunter2", "PYTHONPROFILEIMPORTTIME": "1", "WEB_CONCURRENCY": "1"}
    process = start(start_of_the_image(), {**image_environment(), **production, **migrated, **wrong})
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert output.count("lc-workflow cannot start: ALLOWED_FILE_TYPES") == 1
    assert "Traceback" not in output
    # Python has listed what it loaded: tracing, which nobody asked for, and tools of development are not among it.
    assert "lc_workflow.platform.stores" in output
    assert "opentelemetry.context" not in output
    assert "pydantic_core" not in output
