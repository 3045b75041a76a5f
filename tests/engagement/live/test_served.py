"""The live socket as the web app meets it: through Granian, with two workers that share a Valkey."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from sqlalchemy import URL, NullPool, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed

from lc_workflow.engagement.live.hub import MOST_OF_ONE
from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.db.listening import LISTENER
from lc_workflow.platform.journal.relay import LONGEST_SLEEP
from lc_workflow.platform.stopping import LONGEST_SECONDS
from lc_workflow.platform.workbench import GRANIAN
from tests.identity.factories import PASSWORD, a_user
from tests.lending.steps import WISH
from tests.moments import PATIENCE
from tests.organization.factories import a_branch
from tests.servers.ports import free_port

WORKERS = 2
V1 = "/api/v1"
FIGURES_TOKEN = "what Prometheus brings along, long enough"


class Server:
    """A running installation."""

    def __init__(self, port: int, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.process = process

    def address(self, token: str) -> str:
        return f"{self.url.replace('http', 'ws', 1)}{V1}/ws/realtime?token={token}"


@pytest.fixture(scope="module")
def database(copy_database: Callable[[], URL]) -> URL:
    return copy_database()


@pytest.fixture(scope="module")
async def branch_staff(database: URL) -> None:
    """A branch with an officer and a teller, committed."""
    engine = create_async_engine(database)
    async with AsyncSession(engine) as session, session.begin():
        session.add(branch := a_branch())
        await session.flush()
        session.add_all(
            a_user(username=role, email=f"{role}@branch.example", role=role, branch_id=branch.id)
            for role in (Role.OFFICER, Role.TELLER)
        )
    await engine.dispose()


@contextmanager
def serving(database: URL, redis_url: str, folder: Path, output: IO[bytes]) -> Iterator[Server]:
    port = free_port()
    environ = GRANIAN | {
        "PYTHONPATH": ":".join(sys.path),
        "DATABASE_URL": database.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret that only the tests know, long enough",
        "CORS_ORIGINS": "https://app.branch.example",
        "UPLOAD_FOLDER": str(folder / "uploads"),
        "RATE_LIMIT_ENABLED": "false",
        "WEB_CONCURRENCY": str(WORKERS),
        "DATABASE_POOL_SIZE": "2",
        "METRICS_TOKEN": FIGURES_TOKEN,
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "figures"),
    }
    (folder / "figures").mkdir()
    (folder / "figures" / "gauge_livesum_999999999.db").touch()  # of a worker that is dead
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS)]
    command = [sys.executable, "-m", "granian", *where, "lc_workflow.asgi:create_app"]
    process = subprocess.Popen(command, env=environ, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Server(port, Path(output.name), process)
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def standing() -> Iterator[tuple[ExitStack, list[Server]]]:
    """What ends with the last test, and the servers that were started until then."""
    with ExitStack() as stack:
        yield stack, []


@pytest.fixture
async def served(
    standing: tuple[ExitStack, list[Server]],
    database: URL,
    branch_staff: None,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Server:
    """The server that stands, or a new one when a test has ended that."""
    stack, servers = standing
    if not servers or servers[-1].process.poll() is not None:
        folder = tmp_path_factory.mktemp("served")
        output = stack.enter_context((folder / "log").open("wb"))
        servers.append(stack.enter_context(serving(database, redis_url, folder, output)))
        async with httpx.AsyncClient(base_url=servers[-1].url) as client, asyncio.timeout(PATIENCE):
            while not (await is_healthy(client) and await listening_to(database) == WORKERS):
                assert servers[-1].process.poll() is None, servers[-1].log.read_text()
                await asyncio.sleep(0.1)
    return servers[-1]


async def listening_to(database: URL) -> int:
    """How many processes hear of changes."""
    engine = create_async_engine(database, poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name"
            ),
            {"name": LISTENER},
        )
    return found or 0


async def is_healthy(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get(f"{V1}/health")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
async def client(served: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=served.url, timeout=PATIENCE) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, name: str) -> tuple[str, dict[str, str]]:
    """Sign in; answers the token and the id of the person."""
    answer = await client.post(f"{V1}/auth/login", data={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"], answer.json()["user"]["id"]


async def ask(connection: ClientConnection, message: object) -> Any:
    await connection.send(json.dumps(message))
    return await hear(connection)


async def hear(connection: ClientConnection) -> Any:
    async with asyncio.timeout(PATIENCE):
        return json.loads(await connection.recv())


async def test_a_step_is_heard_at_once_wherever_somebody_is_connected(
    served: Server, client: httpx.AsyncClient
) -> None:
    officer, _ = await sign_in(client, "officer")
    teller, teller_id = await sign_in(client, "teller")
    async with AsyncExitStack() as stack:
        # With eight connections both workers have some of them; the step is taken in one.
        sockets = [await stack.enter_async_context(dial(served.address(teller))) for _ in range(8)]
        for connection in sockets:
            assert await ask(connection, {"type": "ping"}) == {"type": "pong"}
            pattern = f"user:{teller_id}"
            assert await ask(connection, {"type": "subscribe_pattern", "pattern": pattern}) == {
                "type": "subscribed",
                "pattern": pattern,
            }
        headers = {"Authorization": f"Bearer {officer}"}
        drafted = await client.post(f"{V1}/applications", json=WISH, headers=headers)
        began = asyncio.get_running_loop().time()
        await client.patch(f"{V1}/applications/{drafted.json()['id']}/submit", json={}, headers=headers)
        heard = [await hear(connection) for connection in sockets]
        assert asyncio.get_running_loop().time() - began < LONGEST_SLEEP / 2  # not when the relay looks by itself
        assert {message["id"] for message in heard} == {heard[0]["id"]}
        assert (heard[0]["type"], heard[0]["title"]) == ("notification", "Application to process")
        assert heard[0]["data"]["application_id"] == drafted.json()["id"]
        for connection in sockets:
            assert await ask(connection, {"type": "ping"}) == {"type": "pong"}
    summary = (
        await client.get(f"{V1}/users/notifications/summary", headers={"Authorization": f"Bearer {teller}"})
    ).json()
    assert [row["id"] for row in summary["recent_notifications"]] == [heard[0]["id"]]


@pytest.mark.parametrize("token", ["", "not.a.token"])
async def test_a_bad_token_closes_with_4001(served: Server, token: str) -> None:
    async with dial(served.address(token)) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await hear(connection)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4001
    assert "sign in again" in closed.value.rcvd.reason


async def test_a_client_that_breaks_off_is_no_error(served: Server, client: httpx.AsyncClient) -> None:
    token, person = await sign_in(client, "officer")
    for _ in range(5):
        connection = await dial(served.address(token))
        await ask(connection, {"type": "subscribe_pattern", "pattern": f"user:{person}"})
        connection.transport.abort()
    async with dial(served.address(token)) as connection:
        assert await ask(connection, {"type": "ping"}) == {"type": "pong"}
    assert "Traceback" not in served.log.read_text()


async def test_a_book_of_a_message_closes_the_socket(served: Server, client: httpx.AsyncClient) -> None:
    token, _ = await sign_in(client, "officer")
    async with dial(served.address(token)) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await ask(connection, {"padding": "x" * 3_000_000})
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_who_asks_for_the_headers_alone_takes_no_place_from_those_who_listen(
    served: Server, client: httpx.AsyncClient
) -> None:
    token, _ = await sign_in(client, "officer")
    events = f"{V1}/ws/events?token={token}"
    for _ in range(WORKERS * MOST_OF_ONE + 1):
        answer = await client.head(events)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    async with client.stream("GET", events) as listening:
        assert listening.status_code == 200


async def test_either_worker_gives_the_figures_of_both(served: Server, client: httpx.AsyncClient) -> None:
    token, _ = await sign_in(client, "officer")
    async with AsyncExitStack() as stack:
        for _ in range(6):
            await stack.enter_async_context(dial(served.address(token)))
        figures = []
        for _ in range(20):  # each on a connection of its own, so that both workers get some
            async with httpx.AsyncClient(base_url=served.url) as once:
                assert (await once.get(f"{V1}/health/live")).status_code == 200
        for _ in range(6):
            async with httpx.AsyncClient(base_url=served.url) as once:
                told = await once.get("/metrics", headers={"Authorization": f"Bearer {FIGURES_TOKEN}"})
            assert told.status_code == 200, told.text
            figures.append(dict(line.rsplit(" ", 1) for line in told.text.splitlines() if not line.startswith("#")))
    lives = 'lc_requests_total{method="GET",route="/api/v1/health/live",status="2xx"}'
    assert [one[lives] for one in figures] == ["20.0"] * 6
    assert {one["lc_sockets"] for one in figures} == {"6.0"}
    assert {one["lc_pool_limit"] for one in figures} == {"44.0"}
    counting = (served.log.parent / "figures").glob("counter_*.db")
    assert len([*counting]) == WORKERS


class Begun:
    """A request whose body the server waits for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = rest

    @classmethod
    async def at(cls, served: Server, path: str, token: str, body: object) -> "Begun":
        content = json.dumps(body).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(
            f"POST {V1}{path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\nExpect: 100-continue\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        return cls(reader, writer, content)

    async def finish(self) -> bytes:
        """Send the body; answers everything that comes until the server hangs up."""
        self._writer.write(self._rest)
        async with asyncio.timeout(PATIENCE):
            answer = await self._reader.read()
        self._writer.close()
        return answer


async def test_a_server_that_ends_finishes_and_takes_leave_and_its_log_holds_no_token(
    served: Server, client: httpx.AsyncClient
) -> None:
    token, person = await sign_in(client, "officer")
    connection = await dial(served.address(token))
    await ask(connection, {"type": "subscribe_pattern", "pattern": f"user:{person}"})
    assert (await client.get(f"{V1}/health/ready")).status_code == 200
    begun = [await Begun.at(served, "/applications", token, WISH) for _ in range(8)]  # so that both workers have some
    async with (
        httpx.AsyncClient(base_url=served.url) as balancer,
        client.stream("GET", f"{V1}/ws/events", params={"token": token}, timeout=PATIENCE) as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == ": listening"
        asked = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            await hear(connection)
        ready = await balancer.get(f"{V1}/health/ready")
        assert (ready.status_code, ready.headers["retry-after"], ready.headers["connection"]) == (503, "5", "close")
        answers = await asyncio.gather(*(one.finish() for one in begun))
        assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 201 Created"}
        async for line in lines:  # the stream comes to its end, it is not cut
            assert not line.startswith("data:")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    await asyncio.to_thread(served.process.wait, PATIENCE)
    # Later the alarm has ended who would have hung. Granian's warning of one that "refused to gracefully stop" says
    # nothing: two of its threads wait for the same process, and the one that comes second takes it for alive.
    assert time.monotonic() - asked < LONGEST_SECONDS
    log = served.log.read_text()
    assert token not in log
    assert token.rpartition(".")[2] not in log
    assert '"path":"/api/v1/ws/realtime"' in log
    assert "Traceback" not in log
