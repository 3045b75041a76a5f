"""The database goes away and comes back, in every way it can: people hear 503, nothing answered is lost."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from httpx import AsyncClient, Response
from sqlalchemy import NullPool, event, func, select, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs
from structlog.typing import EventDict

from lc_workflow.documents.library.models import File
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.platform.config import database_url
from lc_workflow.platform.db import config
from lc_workflow.platform.db.config import alchemy_config
from lc_workflow.platform.embedded import PostgresServer, postgres
from lc_workflow.platform.idempotency import middleware
from lc_workflow.platform.journal.models import JournalEntry, Untold
from tests.conftest import open_house, reopen_house, settings_for
from tests.faults.wire import Break, Wire, wire_to
from tests.house.test_migrations import alembic_for
from tests.identity.factories import PASSWORD
from tests.journey.town import Town, settle, sign_in
from tests.lending.steps import URL, WISH
from tests.moments import PATIENCE
from tests.servers.databases import until_somebody_waits
from tests.servers.memory import roomy_folder

SOON = 10.0
"""Seconds within which somebody hears that the database is gone; far more than it takes, far less than for ever."""


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    """What was logged, kept from the screen; whatever happens to the database, none of it is unforeseen."""
    with capture_logs() as logged:
        yield logged
    assert [line for line in logged if line["event"] == "unforeseen error"] == []


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Where the wire begins, the same for each test, so that they can take turns with one application."""
    with socket.socket() as held:  # nobody else is given the port while no wire is there
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
async def wire(town: Town, port: int) -> AsyncIterator[Wire]:
    assert town.database.port
    async with wire_to(town.database.port, port) as wire:
        yield wire


@pytest.fixture
async def client(town: Town, wire: Wire, town_files: Path) -> AsyncIterator[AsyncClient]:
    """A client of an application that reaches the town's database through the wire."""
    settings = settings_for(town.database.set(port=wire.port), upload_folder=town_files)
    async with reopen_house(settings, in_background=False) as client:
        yield client


@pytest.fixture
def database(town_engine: AsyncEngine) -> AsyncEngine:
    """The town's database, reached past the wire."""
    return town_engine.execution_options(isolation_level="AUTOCOMMIT")


def everything(client: AsyncClient, officer: dict[str, str]) -> list[Awaitable[Response]]:
    """One of each kind of request that needs the database."""
    paper = {"file": ("note.txt", b"a note", "text/plain")}
    return [
        client.get(URL, headers=officer),
        client.post(URL, json=WISH, headers=officer),
        client.post("/api/v1/files/upload", files=paper, headers=officer),
        client.post("/api/v1/auth/login", data={"username": "teller", "password": PASSWORD}),
        client.get("/api/v1/auth/setup-required"),
        client.post("/api/v1/auth/refresh", json={"refresh_token": "x"}),
    ]


async def assert_all_hear_that_it_is_gone(
    client: AsyncClient, officer: dict[str, str], *, within: float, times: int = 2
) -> None:
    for _ in range(times):
        began = time.monotonic()
        answers = await asyncio.gather(*(answer for _ in range(5) for answer in everything(client, officer)))
        assert time.monotonic() - began < within
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (503, "Unavailable"), answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
    await assert_that_health_becomes(503, client)
    assert (await client.get("/api/v1/health/live")).status_code == 200


async def assert_all_is_well(client: AsyncClient, officer: dict[str, str]) -> None:
    answers = await asyncio.gather(*(answer for _ in range(5) for answer in everything(client, officer)))
    assert Counter(answer.status_code for answer in answers) == {200: 15, 201: 10, 401: 5}
    await assert_that_health_becomes(200, client)


async def assert_that_health_becomes(status: int, client: AsyncClient) -> None:
    """It remembers for a second what it last saw."""
    async with asyncio.timeout(PATIENCE):
        while (await client.get("/api/v1/health")).status_code != status:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.1)


async def test_a_wire_that_is_cut_and_mended(client: AsyncClient, wire: Wire) -> None:
    officer = await sign_in(client, "officer")
    for _ in range(2):
        await assert_all_is_well(client, officer)
        await wire.cut()
        await assert_all_hear_that_it_is_gone(client, officer, within=SOON)
        await wire.mend()
    await assert_all_is_well(client, officer)


async def test_a_wire_that_was_cut_while_nobody_asked(client: AsyncClient, wire: Wire) -> None:
    officer = await sign_in(client, "officer")
    await assert_all_is_well(client, officer)
    await wire.cut()
    await wire.mend()
    await assert_all_is_well(client, officer)


async def test_a_database_that_falls_silent(town: Town, wire: Wire, tmp_path: Path) -> None:
    """Nobody says that it is gone: only a clock can tell; it is set short only for the connections that meet it."""
    settings = settings_for(town.database.set(port=wire.port), upload_folder=tmp_path)
    alchemy = alchemy_config(settings)
    limits = {"timeout": 1.0, "command_timeout": 1.5}

    def limited(_dialect: object, _record: object, _names: object, connect: dict[str, object]) -> None:
        connect.update(limits)

    def give_up_all(*_: object) -> None:  # also those that somebody holds now: `dispose` would leave them open
        raise InvalidatePoolError

    async with open_house(settings, alchemy=alchemy) as client:
        officer = await sign_in(client, "officer")
        await assert_all_is_well(client, officer)
        event.listen(alchemy.get_engine().sync_engine, "do_connect", limited)
        event.listen(alchemy.get_engine().sync_engine, "checkout", give_up_all, once=True)
        assert (await client.get(URL, headers=officer)).status_code == 200
        wire.fall_silent()
        await assert_all_hear_that_it_is_gone(client, officer, within=2 * SOON, times=1)
        event.remove(alchemy.get_engine().sync_engine, "do_connect", limited)
        wire.speak()
        await assert_all_is_well(client, officer)


async def test_connections_that_die_at_any_moment(
    client: AsyncClient, database: AsyncEngine, logged: list[EventDict]
) -> None:
    officer = await sign_in(client, "officer")
    drafted: list[str] = []
    outcomes: Counter[int] = Counter()
    ends = time.monotonic() + 2

    def goes_on() -> bool:
        return time.monotonic() < ends or len(outcomes) < 2

    async def draft() -> None:
        while goes_on():
            answer = await client.post(URL, json=WISH, headers=officer)
            outcomes[answer.status_code] += 1
            if answer.is_success:
                drafted.append(answer.json()["id"])

    async def kill() -> None:
        async with database.connect() as connection:
            while goes_on():
                await connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.3"
                    )
                )
                known = outcomes.total()
                while goes_on() and outcomes.total() < known + 4:  # noqa: ASYNC110 - however quick the machine is
                    await asyncio.sleep(0.01)

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(kill(), *(draft() for _ in range(8)))
    assert set(outcomes) == {201, 503}
    await assert_all_is_well(client, officer)
    async with database.connect() as connection:
        there = {str(found) for found in await connection.scalars(select(CustomerApplication.id))}
        begun = await connection.scalar(
            select(func.count()).select_from(JournalEntry).where(JournalEntry.kind == "ApplicationDrafted")
        )
    assert set(drafted) <= there
    assert begun == len(there)


@pytest.mark.parametrize("arrives", [True, False], ids=["the commit arrives", "the commit is lost"])
async def test_a_wire_that_breaks_at_the_commit(
    client: AsyncClient, wire: Wire, database: AsyncEngine, town_files: Path, *, arrives: bool
) -> None:
    """Nobody can know what became of it, so nobody is told that it is done; what is there is whole."""
    officer = await sign_in(client, "officer")
    paper = b"a title of land"
    wire.breaks = Break(b"COMMIT", 1, arrives=arrives)
    uploaded = await client.post(
        "/api/v1/files/upload", files={"file": ("title.txt", paper, "text/plain")}, headers=officer
    )
    wire.breaks = Break(b"COMMIT", 1, arrives=arrives)
    drafted = await client.post(URL, json=WISH, headers=officer)
    for answer in (uploaded, drafted):
        assert (answer.status_code, answer.json()["code"]) == (503, "Unavailable"), answer.text

    async with database.connect() as connection:
        keys = (await connection.scalars(select(File.key))).all()
        kinds = set(await connection.scalars(select(JournalEntry.kind)))
        applications = await connection.scalar(select(func.count()).select_from(CustomerApplication))
    assert [(town_files / key).read_bytes() for key in keys] == [paper] * arrives
    assert applications == arrives
    assert kinds == {"SignedIn"} | ({"FileStored", "ApplicationDrafted"} if arrives else set())


async def test_who_finds_all_connections_busy_is_told_to_come_again(
    town: Town, database: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "POOL_SECONDS", 0.5)
    settings = settings_for(town.database, upload_folder=tmp_path, pool_size=1, pool_overflow=0)
    async with open_house(settings, in_background=False) as client, database.connect() as connection:
        officer = await sign_in(client, "officer")
        for statement in ("BEGIN", "LOCK TABLE customer_applications IN ACCESS EXCLUSIVE MODE"):
            await connection.execute(text(statement))
        drafting = asyncio.create_task(client.post(URL, json=WISH, headers=officer))
        await until_somebody_waits(connection)  # and has the only connection
        began = time.monotonic()
        others = await asyncio.gather(*(client.get(URL, headers=officer) for _ in range(5)))
        assert time.monotonic() - began < SOON
        await connection.execute(text("ROLLBACK"))
        assert {(answer.status_code, answer.headers["retry-after"]) for answer in others} == {(503, "5")}
        assert (await drafting).status_code == 201


async def test_a_key_is_settled_as_soon_as_the_database_is_back(
    client: AsyncClient, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loan is drafted and answered; that its answer is remembered fails until the database takes it."""
    monkeypatch.setattr(middleware, "AGAIN_EVERY", timedelta(seconds=0.3))
    officer = await sign_in(client, "officer") | {"Idempotency-Key": "a key"}
    wire.breaks = Break(b"UPDATE remembered_requests", 1, arrives=False, lasts=True)
    first = await client.post(URL, json=WISH, headers=officer)
    second = await client.post(URL, json=WISH, headers=officer)
    wire.breaks = None
    async with asyncio.timeout(PATIENCE):
        while (third := await client.post(URL, json=WISH, headers=officer)).status_code == 409:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert [first.status_code, second.status_code, third.status_code] == [201, 409, 201]
    assert third.headers["idempotent-replay"] == "true"
    assert third.content == first.content


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place for a PostgreSQL of one's own, which PostgreSQL can reach also when root runs the tests."""
    with roomy_folder() as folder:
        yield folder


@pytest.fixture
def own_town(folder: Path) -> Town:
    """A town on a server of its own, which does not run yet."""
    with postgres(folder) as server:
        url = database_url(server.url)
        command.upgrade(alembic_for(url), "head")
        return asyncio.run(settle(url))


async def test_a_server_that_is_stopped_and_started(own_town: Town, folder: Path, tmp_path: Path) -> None:
    """It comes back on another port, as a managed one does behind its name; the relay tells what it has missed."""
    async with AsyncExitStack() as stack:
        first = ExitStack()
        wire = await stack.enter_async_context(wire_to(port_of(first.enter_context(postgres(folder)))))
        settings = settings_for(own_town.database.set(port=wire.port), upload_folder=tmp_path)
        client = await stack.enter_async_context(open_house(settings))
        officer = await sign_in(client, "officer")
        await assert_all_is_well(client, officer)
        await asyncio.to_thread(first.close)
        await assert_all_hear_that_it_is_gone(client, officer, within=SOON)
        with postgres(folder) as second:
            wire.target = port_of(second)
            await assert_all_is_well(client, officer)
            await assert_that_all_is_told(database_url(second.url))


def port_of(server: PostgresServer) -> int:
    port = database_url(server.url).port
    assert port
    return port


async def assert_that_all_is_told(database: sqlalchemy.URL) -> None:
    engine = create_async_engine(database, poolclass=NullPool)
    async with asyncio.timeout(PATIENCE), engine.connect() as connection:
        untold = select(func.count()).select_from(Untold)
        while await connection.scalar(untold):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0.05)
