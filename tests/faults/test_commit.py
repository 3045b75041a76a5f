"""What was answered is durable: a commit that fails is an error for the client, and leaves nothing behind."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from lc_workflow.documents.library.models import File
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.organization.branches.models import Branch
from tests.conftest import reopen_house, settings_for
from tests.journey.town import Town, sign_in
from tests.lending.steps import URL, WISH

REFUSING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
DYING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$
"""
AT_THE_COMMIT = """
CREATE CONSTRAINT TRIGGER at_the_commit AFTER INSERT OR UPDATE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()
"""


@pytest.fixture
async def client(town: Town, town_files: Path) -> AsyncIterator[AsyncClient]:
    async with reopen_house(settings_for(town.database, upload_folder=town_files)) as client:
        yield client


@pytest.fixture
def database(town_engine: AsyncEngine) -> AsyncEngine:
    return town_engine.execution_options(isolation_level="AUTOCOMMIT")


@pytest.mark.parametrize(("fault", "statuses"), [(REFUSING, {422}), (DYING, {503})], ids=["refused", "connection gone"])
async def test_a_failed_commit_reaches_the_client_and_leaves_nothing(
    client: AsyncClient, database: AsyncEngine, town_files: Path, fault: str, statuses: set[int]
) -> None:
    officer, admin = await sign_in(client, "officer"), await sign_in(client, "admin")
    drafted = (await client.post(URL, json=WISH, headers=officer)).json()
    async with database.connect() as connection:
        await connection.execute(text(fault))
        for table in ("customer_applications", "branches", "files"):
            await connection.execute(text(AT_THE_COMMIT.format(table=table)))

    answers = [
        await client.post(URL, json=WISH, headers=officer),
        await client.put(f"{URL}/{drafted['id']}", json={"village": "New"}, headers=officer),
        await client.patch(f"{URL}/{drafted['id']}/submit", json={}, headers=officer),
        await client.post("/api/v1/branches", json={"name": "New", "code": "NEW"}, headers=admin),
        await client.post(
            "/api/v1/files/upload",
            files={"file": ("note.txt", b"a note", "text/plain")},
            data={"application_id": drafted["id"]},
            headers=officer,
        ),
    ]
    for answer in answers:
        assert answer.status_code in statuses, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert "not today" not in answer.text
    async with database.connect() as connection:
        with suppress(DBAPIError):
            await connection.execute(text("DROP FUNCTION refuse CASCADE"))
        counts = [
            await connection.scalar(select(func.count()).select_from(kind))
            for kind in (CustomerApplication, Branch, File)
        ]
    assert counts == [1, 1, 0]
    row = (await client.get(f"{URL}/{drafted['id']}", headers=officer)).json()
    assert row == drafted
    assert (await client.patch(f"{URL}/{drafted['id']}/submit", json={}, headers=officer)).status_code == 200
