"""The database is taken back, or restored from an older backup, while a newer release runs on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from lc_workflow.system.health import service
from tests.conftest import open_house, settings_for
from tests.journey.town import Town, sign_in
from tests.lending.steps import URL, WISH

AN_OLDER_RELEASE = "UPDATE alembic_version SET version_num = '0360_plain_names'"
"""A revision that others follow."""


@pytest.fixture
async def client(town: Town, town_files: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncClient]:
    monkeypatch.setattr(service, "MEMORY_SECONDS", 0.0)
    async with open_house(settings_for(town.database, upload_folder=town_files), in_background=False) as client:
        yield client


async def run(town_engine: AsyncEngine, statement: str) -> None:
    async with town_engine.begin() as connection:
        await connection.execute(text(statement))


@pytest.mark.parametrize("taken_back", [AN_OLDER_RELEASE, "DROP TABLE alembic_version"], ids=["older", "bare"])
async def test_a_release_whose_database_was_taken_back_is_not_ready_and_says_why(
    taken_back: str, client: AsyncClient, town_engine: AsyncEngine
) -> None:
    assert (await client.get("/api/v1/health/ready")).status_code == 200
    await run(town_engine, taken_back)
    with capture_logs() as logged:
        assert (await client.get("/api/v1/health/ready")).status_code == 503
    (cause,) = (line["cause"] for line in logged if line["log_level"] == "warning")
    assert cause.endswith("run alembic upgrade head first.")
    answer = await client.get("/api/v1/health")  # the database itself is there
    assert (answer.status_code, answer.json()["status"], answer.json()["database"]) == (200, "degraded", "outdated")


@pytest.mark.parametrize(
    "taken_back",
    [
        "ALTER TABLE customer_applications DROP COLUMN recommended_amount CASCADE",
        "DROP TABLE customer_applications CASCADE",
    ],
    ids=["a column", "a table"],
)
async def test_who_needs_what_is_not_there_yet_is_told_to_come_again(
    taken_back: str, client: AsyncClient, town_engine: AsyncEngine
) -> None:
    officer = await sign_in(client, "officer")
    await run(town_engine, taken_back)
    with capture_logs() as logged:
        answers = [await client.get(URL, headers=officer), await client.post(URL, json=WISH, headers=officer)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "Unavailable")] * 2
    assert {line["event"] for line in logged if line["log_level"] == "error"} == {
        "the database lacks what this release asks for; is it at its revision?"
    }
    assert str(WISH["full_name_latin"]) not in str(logged)
