"""Files as HTTP clients send them, and houses of their own for tests that need real commits or another store."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.security.tokens import Tokens
from lc_workflow.samples import photo
from tests.conftest import Person, open_house, reopen_house, settings_for
from tests.identity.factories import a_session, a_user
from tests.lending.factories import an_application
from tests.organization.factories import a_branch
from tests.servers.s3 import s3_server
from tests.servers.used import USED

FILES = "/api/v1/files"
FOLDERS = "/api/v1/folders"
JPEG = photo("An identity card")
PDF = b"%PDF-1.7\n" + b"a land title" * 40
NOBODY = "00000000-0000-4000-8000-000000000000"

Upload = Callable[..., Awaitable[Response]]


async def send(
    client: AsyncClient, person: Person, content: bytes = JPEG, name: str = "id.jpg", **fields: Any
) -> Response:
    """Upload a file; form fields come as keywords."""
    return await client.post(
        f"{FILES}/upload",
        files={"file": (name, content, "application/octet-stream")},
        data={field: str(value) for field, value in fields.items()},
        headers=person.headers,
    )


@pytest.fixture
def upload(client: AsyncClient) -> Upload:
    """Let somebody upload a file."""

    async def upload(person: Person, content: bytes = JPEG, name: str = "id.jpg", **fields: Any) -> Response:
        return await send(client, person, content, name, **fields)

    return upload


@dataclass(frozen=True)
class OwnHouse:
    """A whole application on a database and a store of its own, with an officer and their application in it."""

    client: AsyncClient
    engine: AsyncEngine
    officer: Person
    application_id: UUID
    files: Path

    def kept(self) -> list[Path]:
        """The files in the store's folder, without the previews that are made of them meanwhile."""
        return [path for path in self.files.rglob("*") if path.is_file() and "previews" not in path.parts]


OpenOwnHouse = Callable[..., AbstractAsyncContextManager[OwnHouse]]


@pytest.fixture
def own_house(lend_database: Callable[[str], URL], lend_folder: Callable[[str], Path], tokens: Tokens) -> OpenOwnHouse:
    """Open a house of one's own; keywords are settings. Others may have had it, unless it is a special one."""
    database, files = lend_database("papers"), lend_folder("papers") / "files"

    @asynccontextmanager
    async def own_house(**changes: Any) -> AsyncIterator[OwnHouse]:
        settings = settings_for(database, upload_folder=files, **changes)
        engine = create_async_engine(settings.database_url, poolclass=NullPool)
        async with AsyncSession(engine, expire_on_commit=False) as session:
            session.add(branch := a_branch())
            await session.flush()
            session.add(user := a_user(role=Role.OFFICER, branch_id=branch.id))
            await session.flush()
            session.add(visit := a_session(user.id))
            session.add(application := an_application(user.id, branch_id=branch.id))
            await session.commit()
        token = tokens.issue(user.id, visit.id, at=system_clock())
        opening = reopen_house if changes.keys() <= {"object_store"} else open_house
        async with opening(settings, in_background=False) as client:  # what works in the background makes previews
            officer = Person(user, {"Authorization": f"Bearer {token}"})
            yield OwnHouse(client, engine, officer, application.id, files)
        await engine.dispose()

    return own_house


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStoreSettings]:
    """A bucket of a running S3 server."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server, server.bucket() as settings:
        USED.append(server.name)
        yield settings
