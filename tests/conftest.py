"""The servers, the application and the people that tests are told with."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
import structlog
from advanced_alchemy.config import SQLAlchemyAsyncConfig
from alembic import command
from alembic.config import Config
from croniter import croniter  # type: ignore[import-untyped]
from httpx import ASGITransport, AsyncClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from litestar import Litestar
from litestar.types import ASGIApp
from redis import Redis
from sqlalchemy import URL, NullPool, select, text
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from lc_workflow.app import HOUSE, create_app, open_store
from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.users.models import User
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.broadcast import LocalBroadcast
from lc_workflow.platform.config import Settings, database_url
from lc_workflow.platform.db.exact_json import read_json, write_json
from lc_workflow.platform.embedded import postgres, valkey
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.memory import settle
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.tokens import Tokens
from lc_workflow.platform.security.vault import Vault, use
from tests.identity.factories import a_session, a_user
from tests.moments import NOON
from tests.on_record import noting_untold
from tests.organization.factories import a_branch
from tests.savepoints import name_by_depth
from tests.servers.memory import roomy_folder
from tests.servers.used import (
    USED,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]

pytest_plugins = [
    "tests.order",
    "tests.surroundings",
    "tests.identity.rights",
    "tests.lending.steps",
    "tests.lending.approvals.steps",
    "tests.seeding.planted",
    "tests.journey.town",
]

settle()

structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
"""Tracebacks as they are: drawing one with everything around it takes half a minute."""

hypothesis_settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("house")
"""How long an example takes says how busy the machine is, and nothing about us."""

ROOT = Path(__file__).parents[1]
SECRET = "a secret that only the tests know, long enough"
CHEAP = Passwords(cost=4, at_a_time=2)
"""bcrypt with the fewest rounds: the tests are about what follows from a password, not about its strength."""


@pytest.fixture(autouse=True)
def keys() -> None:
    """Seal and open with the keys of the house, whatever the test before did."""
    use(Vault(SECRET))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run the whole session in one event loop, so that the application is built once."""
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[URL]:
    """Start a PostgreSQL of our own."""
    with roomy_folder() as folder, postgres(folder, durable=False) as running:
        USED.append(running.version)
        yield database_url(running.url)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Valkey of our own."""
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        with Redis.from_url(url) as client:
            USED.append(f"Valkey {client.info('server')['valkey_version']}")
        yield url


@pytest.fixture(scope="session")
def template(server: URL) -> URL:
    """Apply all revisions once; other databases are copies of this one."""
    _run(server, "CREATE DATABASE template_house")
    url = server.set(database="template_house")
    alembic = Config(toml_file=ROOT / "pyproject.toml")
    alembic.attributes["database_url"] = url
    command.upgrade(alembic, "head")
    _run(url, *_rounds_are_done(datetime.now(UTC)))
    return url


def _rounds_are_done(now: datetime) -> Iterator[str]:
    """Note that the jobs of each hour or night were begun.

    Else every house that opens on a copy would make up for those of a whole day, which takes longer than most tests.
    """
    for job in HOUSE.jobs:
        if job.every is not None and not job.every.startswith("* "):
            ticks = croniter(job.every, now)
            done = [
                ticks.get_prev(float),
                *takewhile(lambda tick: tick < now.timestamp() + 7_200, ticks.all_next(float)),
            ]
            rows = ", ".join(f"('{job.name}', {round(tick)})" for tick in done)
            yield f"INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp) VALUES {rows}"


@pytest.fixture(scope="session")
def copy_database(server: URL, template: URL) -> Callable[[], URL]:
    """Make fresh migrated databases, for tests that commit."""

    def copy() -> URL:
        name = f"house_{uuid4().hex[:12]}"
        _run(server, f"CREATE DATABASE {name} TEMPLATE {template.database} STRATEGY FILE_COPY")
        return server.set(database=name)

    return copy


@pytest.fixture(scope="session")
def lend_database(server: URL, template: URL) -> Callable[[str], URL]:
    """Make fresh migrated databases under names that are used again, so that a house on one can be opened again."""

    def lend(what: str) -> URL:
        name = f"lent_{what}"
        _run(
            server,
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {template.database} STRATEGY FILE_COPY",
        )
        return server.set(database=name)

    return lend


@pytest.fixture(scope="session")
def lend_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Empty folders under paths that are used again, for the files of such a house."""
    above = tmp_path_factory.mktemp("lent")

    def lend(what: str) -> Path:
        shutil.rmtree(above / what, ignore_errors=True)
        (above / what).mkdir()
        return above / what

    return lend


def _run(server: URL, *statements: str) -> None:
    async def run() -> None:
        engine = create_async_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))

    import asyncio  # noqa: PLC0415

    asyncio.run(run())


def settings_for(database: URL, **changes: Any) -> Settings:
    """Settings as an installation would have them, with the test's own database and no limits unless asked for."""
    return Settings(
        **{
            "database_url": database,
            "secret_key": SECRET,
            "cors_origins": ("https://app.branch.example",),
            "rate_limit_enabled": False,
            **changes,
        }
    )


class Sessions:
    """Opens sessions on whatever connection the running test has begun its transaction on."""

    def __init__(self) -> None:
        self.maker: async_sessionmaker[AsyncSession] | None = None

    def __call__(self) -> AsyncSession:
        assert self.maker is not None, "this test needs the `session` fixture"
        return self.maker()


@pytest.fixture(scope="session")
def house_database(copy_database: Callable[[], URL]) -> URL:
    """A copy for the house that most tests share: PostgreSQL copies the template only while nobody uses it."""
    return copy_database()


@pytest.fixture(scope="session")
def house_settings(house_database: URL, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(house_database, upload_folder=tmp_path_factory.mktemp("uploads"))


@pytest.fixture(scope="session")
def engine(house_database: URL) -> AsyncEngine:
    """An engine that keeps no connection, so that nothing has to be closed."""
    engine = create_async_engine(
        house_database,
        poolclass=NullPool,
        query_cache_size=5000,
        connect_args={"prepared_statement_cache_size": 2000},
        json_serializer=write_json,
        json_deserializer=read_json,
    )
    name_by_depth(engine)
    return engine


@pytest.fixture(scope="session")
def application(engine: AsyncEngine, house_settings: Settings) -> tuple[Litestar, Sessions]:
    """Build the application once; each test's commits become savepoints of its own transaction."""
    sessions = Sessions()
    app = create_app(
        house_settings,
        alchemy=SQLAlchemyAsyncConfig(engine_instance=engine, session_maker=sessions),
        clock=lambda: NOON,
        passwords=CHEAP,
        in_background=False,
    )
    return app, sessions


@pytest.fixture(scope="session")
async def house(application: tuple[Litestar, Sessions]) -> AsyncIterator[tuple[Litestar, Sessions]]:
    """Run the application for the whole session."""
    async with application[0].lifespan():
        settle()
        yield application


class Line:
    """The connection that tests take turns on: what PostgreSQL and its driver know of our statements stays known."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None

    async def connection(self) -> AsyncConnection:
        """The connection, or another one when a test has broken it."""
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            self._connection = await self._engine.connect()
        return self._connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


@pytest.fixture(scope="session")
async def kept_line(engine: AsyncEngine, house: tuple[Litestar, Sessions]) -> AsyncIterator[Line]:
    line = Line(engine)
    yield line
    await line.close()


@pytest.fixture
async def session(kept_line: Line, house: tuple[Litestar, Sessions]) -> AsyncIterator[AsyncSession]:
    """A session on the test's own transaction, which is rolled back in the end."""
    connection = await kept_line.connection()
    transaction = await connection.begin()
    maker = async_sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
    house[1].maker = maker
    async with maker() as session:
        yield session
    house[1].maker = None
    await transaction.rollback()


@pytest.fixture
async def client(house: tuple[Litestar, Sessions], session: AsyncSession) -> AsyncIterator[AsyncClient]:
    """A client of the application, on the test's transaction; whatever it has changed is on record in the end."""
    untold: list[str] = []
    async with client_of(noting_untold(house[0], untold)) as client:
        yield client
    assert untold == []


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in: `headers` carry their token."""

    user: User
    headers: dict[str, str]


SignIn = Callable[..., Awaitable[Person]]


@pytest.fixture
def tokens(house_settings: Settings) -> Tokens:
    """The keys of the application under test."""
    from datetime import timedelta  # noqa: PLC0415

    return Tokens(house_settings.secret_key, algorithm="HS256", lifetime=timedelta(minutes=30))


@pytest.fixture
def sign_in(session: AsyncSession, tokens: Tokens) -> SignIn:
    """Sign somebody in who holds a role: a real account, a real session, a real token."""

    async def sign_in(role: Role | str = Role.OFFICER, **changes: Any) -> Person:
        session.add(user := a_user(role=str(role), **changes))
        await session.flush()
        session.add(visit := a_session(user.id))
        await session.commit()
        return Person(user, {"Authorization": f"Bearer {tokens.issue(user.id, visit.id, at=NOON)}"})

    return sign_in


@pytest.fixture
async def branch(session: AsyncSession) -> Branch:
    """The branch a test happens in."""
    session.add(branch := a_branch(name="Phnom Penh 1", code="PP01"))
    await session.commit()
    return branch


@pytest.fixture
async def other_branch(session: AsyncSession) -> Branch:
    """Another branch, for what happens elsewhere."""
    session.add(branch := a_branch())
    await session.commit()
    return branch


@pytest.fixture
async def admin(sign_in: SignIn) -> Person:
    """An administrator, signed in."""
    return await sign_in("admin")


@pytest.fixture
async def officer(sign_in: SignIn, branch: Branch) -> Person:
    """A loan officer of that branch."""
    return await sign_in("officer", branch_id=branch.id)


@pytest.fixture
async def teller(sign_in: SignIn, branch: Branch) -> Person:
    """A teller of that branch."""
    return await sign_in("teller", branch_id=branch.id)


@pytest.fixture
async def manager(sign_in: SignIn, branch: Branch) -> Person:
    """The manager of that branch."""
    return await sign_in("manager", branch_id=branch.id)


@pytest.fixture
def announced(session: AsyncSession) -> Callable[[], Awaitable[list[str]]]:
    """The kinds of fact that the journal holds, in order."""

    async def announced() -> list[str]:
        return list(await session.scalars(select(JournalEntry.kind).order_by(JournalEntry.number)))

    return announced


@pytest.fixture
def workplace(house: tuple[Litestar, Sessions], house_settings: Settings, session: AsyncSession) -> Workplace:
    """What a job finds, on the test's transaction."""
    return Workplace(
        sessions=house[1],
        clock=lambda: NOON,
        store=open_store(house_settings, lambda: NOON),
        settings=house_settings,
        broadcast=LocalBroadcast(),
    )


@pytest.fixture
def work_off(workplace: Workplace, session: AsyncSession) -> Callable[[], Awaitable[list[str]]]:
    """Do the jobs that wait in the test's transaction; answers their names. A job that fails ends the test."""
    jobs = {job.name: job for job in HOUSE.jobs}
    waiting = text(
        "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
        " AND (scheduled_at IS NULL OR scheduled_at <= :now) ORDER BY id LIMIT 1) RETURNING task_name, args"
    )

    async def work_off() -> list[str]:
        done = []
        while found := (await session.execute(waiting, {"now": NOON})).one_or_none():
            await session.commit()
            await jobs[found.task_name].do(workplace, found.args)
            done.append(found.task_name)
        await session.commit()  # or what comes after would lie in the look that found nothing
        return done

    return work_off


@asynccontextmanager
async def open_house(settings: Settings, **changes: Any) -> AsyncIterator[AsyncClient]:
    """Run a whole application on its own database, background work included, and give a client of it."""
    async with opened(create_app(settings, passwords=CHEAP, **changes)) as client:
        yield client


@asynccontextmanager
async def reopen_house(settings: Settings, **changes: Any) -> AsyncIterator[AsyncClient]:
    """Run a house as `open_house` does, but one that another test has left, where there is one for these settings.

    To build one takes a second. What it keeps count of would outlast a test, so not for a house with limits.
    """
    kind = settings, sorted(changes.items())
    app = next((app for known, app in _LEFT if known == kind), None)
    if app is None:
        app = create_app(settings, passwords=CHEAP, **changes)
    else:
        _LEFT.remove((kind, app))
    async with opened(app) as client:
        yield client
    _LEFT.append((kind, app))
    del _LEFT[:-MOST_LEFT]


MOST_LEFT = 5
"""Houses that are kept for others; each takes sixteen megabytes."""

_LEFT: list[tuple[object, Litestar]] = []
"""The houses that nobody is in, by what they were built for; the one left last is at the end."""


@asynccontextmanager
async def opened(app: Litestar) -> AsyncIterator[AsyncClient]:
    """Run an application until the block ends, and give a client of it."""
    async with app.lifespan(), client_of(app) as client:
        yield client


def client_of(app: ASGIApp) -> AsyncClient:
    """A client that speaks to the application without a network in between."""
    return AsyncClient(transport=ASGITransport(cast("Any", app)), base_url="http://test")
