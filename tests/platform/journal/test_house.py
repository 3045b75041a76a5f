"""The relay inside a whole application."""

from pathlib import Path

from sqlalchemy import URL, select
from sqlalchemy.ext.asyncio import AsyncEngine

from lc_workflow.app import create_app
from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.journal.models import JournalEntry, Untold
from tests.conftest import CHEAP, open_house, settings_for
from tests.identity.factories import PASSWORD, a_user
from tests.platform.journal.test_relay import Sessions, nobody, until


async def test_a_house_tells_what_happens_in_it_and_leaves_no_connection_behind(
    database: URL, pool: AsyncEngine, sessions: Sessions, tmp_path: Path
) -> None:
    async with sessions.begin() as session:
        session.add(a_user(username="admin", role=Role.ADMIN))

    async def all_told() -> list[str]:
        async with sessions() as session:
            told = (
                select(JournalEntry.kind).where(JournalEntry.id.not_in(select(Untold.id))).order_by(JournalEntry.number)
            )
            kinds = list(await session.scalars(told))
        return kinds if len(kinds) == 2 else []

    settings = settings_for(database, upload_folder=tmp_path)
    async with open_house(settings) as client:
        entry = await client.post("/api/v1/auth/login", data={"username": "admin", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {entry.json()['access_token']}"}
        opened = await client.post("/api/v1/branches", json={"name": "New", "code": "NEW"}, headers=headers)
        assert opened.status_code == 201, opened.text
        assert await until(all_told) == ["SignedIn", "BranchOpened"]
    await pool.dispose()
    await until(lambda: nobody(sessions, OTHERS))


async def test_a_house_that_is_closed_at_once_closes_in_order(
    database: URL, sessions: Sessions, tmp_path: Path
) -> None:
    house = create_app(settings_for(database, upload_folder=tmp_path), passwords=CHEAP)
    for _ in range(5):
        async with house.lifespan():
            pass
    await until(lambda: nobody(sessions, OTHERS))


OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
