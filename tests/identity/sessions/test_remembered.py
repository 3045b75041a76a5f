"""What changes somebody's rights reaches every process at once; what does not, disturbs nobody."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import URL, NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.db.config import alchemy_config
from lc_workflow.platform.db.listening import Ear, Listening
from lc_workflow.platform.security.remembered import CHANNEL
from tests.conftest import open_house, settings_for
from tests.identity.factories import PASSWORD, a_session, a_user
from tests.moments import PATIENCE
from tests.statements import sent

ME = "/api/v1/auth/me"
CHANGES = [
    "UPDATE users SET role = 'teller'",
    "UPDATE users SET status = 'inactive'",
    "UPDATE users SET branch_id = NULL",
    "UPDATE users SET department_id = NULL",
    "UPDATE users SET line_manager_id = NULL",
    "UPDATE sessions SET ended_at = now()",
    "DELETE FROM sessions",
    "UPDATE employees SET user_id = NULL",
    "UPDATE roles SET is_active = false WHERE name = 'officer'",
    """INSERT INTO user_roles (id, user_id, role_id, given_by, given_at)
    SELECT gen_random_uuid(), users.id, roles.id, users.id, now() FROM users, roles LIMIT 1""",
    "DELETE FROM user_roles",
    "DELETE FROM user_permissions",
    "UPDATE permissions SET name = name",
]
NO_CHANGES = [
    "UPDATE users SET last_login_at = now(), login_count = 2",
    "UPDATE users SET first_name = 'Dara'",
    "INSERT INTO sessions (id, user_id, created_at) SELECT gen_random_uuid(), id, now() FROM users LIMIT 1",
]


@pytest.fixture(scope="module")
def database(copy_database: Callable[[], URL]) -> URL:
    return copy_database()


@pytest.fixture
async def engine(database: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database, poolclass=NullPool)
    async with AsyncSession(engine) as session, session.begin():
        session.add_all([officer := a_user(username="officer"), a_user(username="admin", role=Role.ADMIN)])
        await session.flush()
        session.add(a_session(officer.id))
    yield engine
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("sessions", "user_roles", "users"):
            await connection.execute(text(f"DELETE FROM {table}"))


async def test_each_change_of_rights_is_told_and_nothing_else(engine: AsyncEngine) -> None:
    told = 0
    listens = asyncio.Event()

    def heard() -> None:
        nonlocal told
        told += 1
        listens.set()

    async def tells(statement: str) -> bool:
        before = told
        async with engine.connect() as connection, connection.begin() as transaction:
            await connection.execute(text(statement))
            await connection.execute(text("SELECT pg_notify('heard', '')"))
            await transaction.commit()
        await reached.wait()
        reached.clear()
        return told > before

    reached = asyncio.Event()
    async with Listening({CHANNEL: Ear(heard), "heard": Ear(reached.set)}).running(engine):
        await listens.wait()
        reached.clear()
        assert [statement for statement in NO_CHANGES if await tells(statement)] == []
        assert [statement for statement in CHANGES if not await tells(statement)] == []


async def test_who_reads_twice_is_asked_for_once_whoever_signs_in_and_an_ended_account_reads_nothing_anywhere(
    engine: AsyncEngine, database: URL, tmp_path: Path
) -> None:
    settings = settings_for(database, upload_folder=tmp_path)
    here = alchemy_config(settings)
    async with open_house(settings, alchemy=here) as client, open_house(settings) as elsewhere:
        officer, admin = [await sign_in(client, name) for name in ("officer", "admin")]
        me = (await client.get(ME, headers=officer)).json()
        async with asyncio.timeout(PATIENCE):
            while await is_asked_for_again(client, officer, here.get_engine()):
                pass  # while the house begins to listen, and does its first jobs
        ended = await elsewhere.delete(f"/api/v1/users/{me['id']}", headers=admin)
        assert ended.status_code == 204, ended.text
        async with asyncio.timeout(PATIENCE):
            while (await client.get(ME, headers=officer)).status_code != 401:  # noqa: ASYNC110
                await asyncio.sleep(0.001)  # PostgreSQL tells after its commit


async def test_what_a_request_changed_holds_for_the_next_one_in_the_same_process(
    engine: AsyncEngine, database: URL, tmp_path: Path
) -> None:
    async with open_house(settings_for(database, upload_folder=tmp_path)) as client:
        for _ in range(20):
            officer = await sign_in(client, "officer")
            assert (await client.get(ME, headers=officer)).status_code == 200
            assert (await client.post("/api/v1/auth/logout", headers=officer)).status_code == 200
            assert (await client.get(ME, headers=officer)).status_code == 401


async def sign_in(client: AsyncClient, username: str) -> dict[str, str]:
    entry = await client.post("/api/v1/auth/login", data={"username": username, "password": PASSWORD})
    return {"Authorization": f"Bearer {entry.json()['access_token']}"}


async def is_asked_for_again(client: AsyncClient, headers: dict[str, str], engine: AsyncEngine) -> bool:
    """Have somebody look before and after somebody else signs in; whether the database is asked who they are twice."""
    assert (await client.get(ME, headers=headers)).status_code == 200
    await sign_in(client, "admin")
    with sent(engine) as statements:
        assert (await client.get(ME, headers=headers)).status_code == 200
    return any("JOIN sessions" in statement for statement, _ in statements)
