"""The demo institution, planted once for all tests that look at it or walk through it."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL

from lc_workflow.platform.config import Settings
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.workbench import serving
from lc_workflow.seeding.planting import plant
from tests.servers.databases import copied
from tests.servers.ports import free_port

SEEDS = Path(__file__).parents[2] / "db" / "seeds"
PASSWORD = "Demo#2026pass"
CHEAP = Passwords(cost=4)
SECRET = "a secret that only the tests know, long enough"


@pytest.fixture(scope="session")
def planted(server: URL, template: URL, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation with the demo institution; for looking at only, so that others can copy it."""
    settings = Settings(
        database_url=copied(server, template),
        secret_key=SECRET,
        upload_folder=tmp_path_factory.mktemp("papers"),
    )
    asyncio.run(plant(settings, SEEDS, demo_password=PASSWORD, passwords=CHEAP))
    return settings


@pytest.fixture
def copy_planted(server: URL, planted: Settings) -> Settings:
    """An installation with the demo institution, to change things in."""
    return replace(planted, database_url=copied(server, planted.database_url))


@pytest.fixture(scope="session")
def demo_server(server: URL, planted: Settings) -> Iterator[str]:
    """The address of a server with the demo institution, run as `make run` does."""
    settings = replace(planted, database_url=copied(server, planted.database_url), host="127.0.0.1", port=free_port())
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.database_url.render_as_string(hide_password=False),
        "SECRET_KEY": settings.secret_key,
        "UPLOAD_FOLDER": str(settings.upload_folder),
        "RATE_LIMIT_ENABLED": "false",
    }
    with serving(settings, environ):
        yield f"http://127.0.0.1:{settings.port}"


def leave_four_applications(seeds: Path) -> None:
    """Shorten a copy of the seeds, so that it is planted in no time."""
    file = seeds / "demo" / "applications.toml"
    four, _, _ = file.read_text("utf-8").partition("[[applications]]\nnumber = 5\n")
    file.write_text(four, "utf-8")
