"""A small branch, and a client for each way it is served."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from lc_workflow.identity.rules.roles import Role
from tests.conftest import reopen_house, settings_for
from tests.identity.factories import PASSWORD, a_user
from tests.organization.factories import a_branch


@dataclass(frozen=True)
class Town:
    """A database with one branch, and in it an account of each role, called by its role; `managers` are two more."""

    database: URL
    branch_id: UUID
    officer_id: UUID
    managers: tuple[str, ...] = ("manager", "second_manager")


async def settle(database: URL) -> Town:
    """Write the branch and its people down."""
    engine = create_async_engine(database, poolclass=NullPool)
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        session.add(branch := a_branch(name="Phnom Penh 1", code="PP01"))
        await session.flush()
        names = {role.value: role for role in Role} | {"second_manager": Role.MANAGER, "second_officer": Role.OFFICER}
        people = {
            name: a_user(username=name, email=f"{name}@branch.example", role=role, branch_id=branch.id)
            for name, role in names.items()
        }
        session.add_all(people.values())
    await engine.dispose()
    return Town(database, branch.id, people["officer"].id)


@pytest.fixture
def town(lend_database: Callable[[str], URL]) -> Town:
    """A town of its own for a test that commits; the next one finds it as it was."""
    return asyncio.run(settle(lend_database("town")))


@pytest.fixture
async def town_engine(town: Town) -> AsyncIterator[AsyncEngine]:
    """A way to the town's rows, past the applications that serve it."""
    engine = create_async_engine(town.database, poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture
def town_files(lend_folder: Callable[[str], Path]) -> Path:
    """A folder for the town's files."""
    return lend_folder("town")


@pytest.fixture
async def houses(town: Town, town_files: Path) -> AsyncIterator[Sequence[AsyncClient]]:
    """Two applications on one database, as two processes would be."""
    async with AsyncExitStack() as stack:
        settings = settings_for(town.database, upload_folder=town_files)
        yield [await stack.enter_async_context(reopen_house(settings, in_background=False)) for _ in range(2)]


async def sign_in(client: AsyncClient, name: str) -> dict[str, str]:
    """Sign in; answers the header that carries the token."""
    answer = await client.post("/api/v1/auth/login", data={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
