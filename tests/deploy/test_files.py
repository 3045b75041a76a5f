"""The deployment files say what they should, and what they say holds together."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree
from tempfile import TemporaryDirectory

import pytest

from lc_workflow.platform.workbench import GRANIAN
from tests.deploy.files import ROOT, copied, dockerfile, final_stage, health_check, image_environment, railway


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    result = subprocess.run([hadolint, ROOT / "Dockerfile"], check=False, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_runs_without_rights_and_takes_signals() -> None:
    stage = final_stage()
    assert stage["USER"].rest.isdigit()
    assert stage["USER"].rest != "0"
    assert stage["CMD"].arguments
    assert "curl" not in stage["HEALTHCHECK"].rest


def test_the_image_takes_the_lock_as_it_is_and_no_tool_of_development() -> None:
    syncs = [line.rest for line in dockerfile() if line.word == "RUN" and "uv sync" in line.rest]
    assert syncs
    assert all("--frozen --no-dev --no-default-groups" in sync for sync in syncs)


def test_the_image_and_the_makefile_use_the_same_uv() -> None:
    wanted = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert wanted is not None
    assert f"uv=={wanted[1]}" in (ROOT / "Dockerfile").read_text()


def test_the_image_serves_as_make_run_does_and_has_no_secret_built_in() -> None:
    variables = image_environment()
    assert {name: value for name, value in variables.items() if name in GRANIAN} == GRANIAN
    assert variables.keys() - GRANIAN.keys() == {"PYTHONUNBUFFERED", "HOST", "PORT"}


def test_railway_starts_the_image_as_the_image_starts_itself() -> None:
    assert shlex.split(railway()["deploy"]["startCommand"]) == final_stage()["CMD"].arguments


def test_all_that_is_copied_passes_the_dockerignore_and_nothing_else_does() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == set(copied())


def test_railway_builds_migrates_watches_and_restarts() -> None:
    settings = railway()
    assert settings["build"] == {"builder": "DOCKERFILE", "dockerfilePath": "Dockerfile"}
    deploy = settings["deploy"]
    assert deploy["preDeployCommand"] == ["alembic upgrade head"]
    assert "--host ${HOST:-0.0.0.0} --port ${PORT:-8000}" in deploy["startCommand"]
    assert (deploy["healthcheckPath"], deploy["healthcheckTimeout"]) == ("/api/v1/health", 300)
    assert (deploy["restartPolicyType"], deploy["restartPolicyMaxRetries"]) == ("ON_FAILURE", 3)
    assert deploy["healthcheckPath"] in " ".join(health_check())
    assert deploy["drainingSeconds"] > 0


@pytest.mark.parametrize("script", ["run", "environment"])
def test_what_a_fresh_machine_runs_is_executable(script: str) -> None:
    assert os.access(ROOT / ".ci" / script, os.X_OK)


def test_a_folder_that_cannot_be_written_is_said_before_the_network_is_blamed() -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "lc-workflow"
        copytree(ROOT / ".ci", place / ".ci")
        copy(ROOT / "Makefile", place)
        Path(folder).chmod(0o755)
        place.chmod(0o555)
        stranger = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        asked = ["/bin/sh", str(place / ".ci" / "environment")]
        brought = subprocess.run(asked, capture_output=True, text=True, check=False, **stranger)  # type: ignore[call-overload]
        place.chmod(0o755)
    assert brought.returncode == 1
    assert brought.stderr == (
        f"{place} cannot be written by you, and all that make brings lies in it; take a copy that is yours.\n"
    )
    assert brought.stdout == ""


def test_litestars_own_command_serves_by_granian_as_well() -> None:
    environ = os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1/nothing", "SECRET_KEY": "k" * 48}
    asked = [str(ROOT / ".venv/bin/litestar"), "--app", "lc_workflow.asgi:develop", "run", "--help"]
    said = subprocess.run(asked, env=environ, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "--backpressure" in said
