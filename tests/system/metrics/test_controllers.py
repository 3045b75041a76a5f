"""Whoever watches the installation reads its figures, and nobody else does."""

from pathlib import Path

from sqlalchemy import URL

from tests.conftest import open_house, settings_for

TOKEN = "what Prometheus brings along, long enough"


async def test_figures_are_for_whoever_brings_the_token(house_database: URL, tmp_path: Path) -> None:
    settings = settings_for(house_database, upload_folder=tmp_path, metrics_token=TOKEN)
    async with open_house(settings, in_background=False) as client:
        refused = await client.get("/metrics", headers={"Authorization": "Bearer guessed"})
        assert (refused.status_code, refused.json()["code"]) == (401, "TokenInvalid")
        await client.get("/api/v1/health/live")
        await client.get("/wp-admin/0123456789.php")
        await client.request("PROPFIND", "/api/v1/health/live")
        told = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told.headers["content-type"].startswith("text/plain")
    lines = told.text.splitlines()
    counted = [line for line in lines if line.startswith("lc_requests_total")]
    assert any('route="/api/v1/health/live"' in line and 'status="2xx"' in line for line in counted)
    assert any('method="OTHER"' in line for line in counted)
    assert "wp-admin" not in told.text, "an address that no route knows is no label"
    for figure in ("lc_outbox_lag_seconds", 'lc_jobs{status="todo"}', "lc_pool_connections", "lc_sockets"):
        assert any(line.startswith(figure) for line in lines), figure


async def test_without_a_token_variable_there_are_no_figures(house_database: URL, tmp_path: Path) -> None:
    async with open_house(settings_for(house_database, upload_folder=tmp_path), in_background=False) as client:
        refused = await client.get("/metrics", headers={"Authorization": "Bearer "})
    assert (refused.status_code, refused.json()["code"]) == (404, "NoMetrics")
