"""Whoever watches the installation reads its figures, and nobody else does."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import URL, NullPool, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from lc_workflow.organization.events import BranchOpened
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.system.metrics import queries
from tests.conftest import open_house, settings_for
from tests.moments import NOON
from tests.servers.ports import free_port

TOKEN = "what Prometheus brings along, long enough"


async def test_figures_are_for_whoever_brings_the_token(house_database: URL, tmp_path: Path) -> None:
    settings = settings_for(house_database, upload_folder=tmp_path, metrics_token=TOKEN)
    async with open_house(settings, in_background=False) as client:
        refused = await client.get("/metrics", headers={"Authorization": "Bearer guessed"})
        assert (refused.status_code, refused.json()["code"]) == (401, "TokenInvalid")
        odd = await client.get("/metrics", headers=[(b"Authorization", b"Bearer \xe9")])
        assert (odd.status_code, odd.json()["code"]) == (401, "TokenInvalid")
        await client.get("/api/v1/health/live")
        await client.get("/wp-admin/0123456789.php")
        await client.request("PROPFIND", "/api/v1/health/live")
        told = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = told.text.splitlines()
    counted = [line for line in lines if line.startswith("lc_requests_total")]
    assert any('route="/api/v1/health/live"' in line and 'status="2xx"' in line for line in counted)
    assert any('method="OTHER"' in line for line in counted)
    assert "wp-admin" not in told.text, "an address that no route knows is no label"
    for figure in (
        "lc_outbox_lag_seconds",
        'lc_jobs{status="todo"}',
        "lc_pool_connections",
        "lc_sockets",
        "lc_journal_unsealed_seconds",
    ):
        assert any(line.startswith(figure) for line in lines), figure


async def test_without_a_token_variable_there_are_no_figures(client: AsyncClient) -> None:
    refused = await client.get("/metrics", headers={"Authorization": "Bearer "})
    assert (refused.status_code, refused.json()["code"]) == (404, "NoMetrics")


async def test_figures_are_given_also_while_the_database_is_silent(
    house_database: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the alert that all connections are busy could never be raised."""
    monkeypatch.setattr(queries, "PATIENCE_SECONDS", 0.2)
    settings = settings_for(house_database, upload_folder=tmp_path, metrics_token=TOKEN)
    engine = create_async_engine(house_database, poolclass=NullPool)
    async with open_house(settings, in_background=False) as client, engine.connect() as other:
        await other.execute(text("LOCK TABLE procrastinate_jobs"))
        told = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        await other.rollback()
    assert told.status_code == 200
    assert "\nlc_pool_connections " in told.text


async def test_a_part_that_does_not_answer_is_a_figure(house_database: URL, tmp_path: Path) -> None:
    settings = settings_for(
        house_database, upload_folder=tmp_path, metrics_token=TOKEN, clamd_address=f"127.0.0.1:{free_port()}"
    )
    async with open_house(settings, in_background=False) as client:
        told = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert {
        'lc_part_answers{part="database"} 1.0',
        'lc_part_answers{part="scanner"} 0.0',
        'lc_part_answers{part="storage"} 1.0',
    } <= {*told.text.splitlines()}


@pytest.fixture
def own_database(copy_database: Callable[[], URL]) -> URL:
    return copy_database()


async def test_who_does_jobs_is_a_figure_as_long_as_they_are_heard_of(own_database: URL, tmp_path: Path) -> None:
    """The process may answer everybody while nobody sends letters and payments."""
    settings = settings_for(own_database, upload_folder=tmp_path, metrics_token=TOKEN)
    engine = create_async_engine(own_database, poolclass=NullPool)
    async with open_house(settings, in_background=False) as client, engine.connect() as queue:
        for heard, workers in (("now() - interval '40 seconds'", "0.0"), ("now()", "1.0")):
            await queue.execute(text(f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES ({heard})"))
            await queue.commit()
            told = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
            assert f"\nlc_job_workers {workers}\n" in told.text


async def test_a_day_of_the_journal_that_nobody_sealed_is_a_figure(own_database: URL, tmp_path: Path) -> None:
    """The job that seals each day may fail while all others are done."""
    settings = settings_for(own_database, upload_folder=tmp_path, metrics_token=TOKEN)
    engine = create_async_engine(own_database, poolclass=NullPool)
    async with async_sessionmaker(engine).begin() as session:
        session.add(JournalEntry.of(BranchOpened(actor_id=None, at=NOON, branch_id=uuid4(), code="BTB")))
    async with open_house(settings, in_background=False, clock=lambda: NOON + timedelta(hours=30)) as client:
        told = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert "\nlc_journal_unsealed_seconds 108000.0\n" in told.text
