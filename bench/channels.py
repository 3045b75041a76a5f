"""Asks the same of two installations side by side: one on its own, one whose webhooks, mail and sockets hang.

Of the second, one webhook answers after five seconds and one is dead, the mail server never answers, and a socket is
not read. Requests alternate between the two, so that whatever else the machine does meets both.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
from sqlalchemy import NullPool, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.installation import folder, variables
from bench.run import migrate
from lc_workflow.engagement.webhooks.models import Webhook
from lc_workflow.identity.users.models import User
from lc_workflow.platform.config import Settings, database_url
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.security.vault import Vault, use
from lc_workflow.platform.workbench import serving
from tests.journey.town import settle, sign_in
from tests.lending.steps import URL, WISH
from tests.moments import NOON

ROUNDS = 100
"""Applications drafted and submitted in each installation."""
ANSWER_SECONDS = 5.0
MOST_SLOWER = 1.5
"""How much longer the median of requests may take: what is told in the background takes processor time as well."""


@asynccontextmanager
async def answering(after: float | None) -> AsyncIterator[int]:
    """A server that says yes after a while, or never says anything; gives its port."""

    over = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(after):
                await over.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    over.set()
    await asyncio.sleep(0.1)


async def hang(settings: Settings, slow: int) -> None:
    """Register the slow webhook and the dead one."""
    use(Vault(settings.secret_key))
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    async with AsyncSession(engine) as session, session.begin():
        admin = (await session.scalars(select(User.id).where(User.username == "admin"))).one()
        session.add_all(
            Webhook(
                url=f"http://127.0.0.1:{port}/",
                events=[],
                secret="s",
                created_by=admin,
                created_at=NOON,
                updated_at=NOON,
            )
            for port in (slow, 1)
        )
    await engine.dispose()


async def deaf(settings: Settings, token: str) -> asyncio.StreamWriter:
    """Open a socket of somebody who is told of each application, and do not read it."""
    _, writer = await asyncio.open_connection("127.0.0.1", settings.port)
    writer.write(
        f"GET /api/v1/ws/realtime?token={token} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    said = b'{"type":"subscribe_pattern","pattern":"general"}'
    writer.write(bytes([0x81, 0x80 | len(said), 0, 0, 0, 0]) + said)
    return writer


async def measure(alone: Settings, beset: Settings, slow: int) -> int:
    await hang(beset, slow)
    took: dict[str, list[float]] = {"alone": [], "beset": []}
    clients = {
        name: httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", timeout=30)
        for name, settings in (("alone", alone), ("beset", beset))
    }
    officers = {name: await sign_in(client, "officer") for name, client in clients.items()}
    teller = (await sign_in(clients["beset"], "teller"))["Authorization"].removeprefix("Bearer ")
    socket = await deaf(beset, teller)
    for number in range(ROUNDS):
        for name, client in clients.items():
            began = time.perf_counter()
            drafted = await client.post(URL, json=WISH, headers=officers[name])
            path = f"{URL}/{drafted.json()['id']}/submit"
            assert (await client.patch(path, json={}, headers=officers[name])).is_success
            if number:
                took[name].append((time.perf_counter() - began) * 1e3)
    socket.close()
    for client in clients.values():
        await client.aclose()
    for name, each in took.items():
        each.sort()
        print(f"{name:<8}{statistics.median(each):8.1f} ms p50 {each[int(len(each) * 0.99)]:8.1f} ms p99")
    slower = statistics.median(took["beset"]) / statistics.median(took["alone"])
    word = "ok" if slower <= MOST_SLOWER else "ABOVE"
    print(f"with slow channels a request takes {slower:.2f} times as long, limit {MOST_SLOWER:g}  {word}")
    return 0 if slower <= MOST_SLOWER else 1


async def with_servers(place: Path, url: str, other: str) -> int:
    """Serve both, with what is slow around the second."""
    async with answering(ANSWER_SECONDS) as slow, answering(None) as post:
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post), "SMTP_SECURITY": "none", "SMTP_FROM": "l@b.example"}
        environs = (
            variables(url, None, place / "alone"),
            variables(other, None, place / "beset", WEBHOOKS_ALLOW_PRIVATE="true", **mail),
        )
        with ExitStack() as stack:
            alone, beset = (Settings.from_environ(environ) for environ in environs)
            for settings, environ in zip((alone, beset), environs, strict=True):
                stack.enter_context(serving(settings, environ))
            return await measure(alone, beset, slow)


def main() -> int:
    """Measure once; ends with 1 when slow channels slow requests."""
    with folder() as place, postgres(place / "one") as one, postgres(place / "two") as two:
        for server in (one, two):
            migrate(server.url)
            asyncio.run(settle(database_url(server.url)))
        return asyncio.run(with_servers(place, one.url, two.url))


if __name__ == "__main__":
    sys.exit(main())
