"""Webhooks, mail servers and sockets that take their time keep no request waiting, nor one another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.app import create_app
from lc_workflow.engagement.emails.jobs import SEND_EMAILS
from lc_workflow.engagement.webhooks.jobs import TIDY_WEBHOOKS
from lc_workflow.engagement.webhooks.models import Webhook
from lc_workflow.identity.users.models import User
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform import callbacks
from lc_workflow.platform.config import MailServer
from lc_workflow.platform.db.config import alchemy_config
from lc_workflow.platform.jobs import Job, ask_for
from lc_workflow.platform.mail import smtp
from tests.conftest import CHEAP, Sessions, SignIn, client_of, settings_for
from tests.engagement.live.sockets import Socket
from tests.engagement.webhooks.listening import listening
from tests.journey.town import Town, sign_in
from tests.lending.steps import URL, WISH
from tests.moments import NOON
from tests.statements import sent

SLOW = 5
"""More slow addresses than there are places for our own jobs."""


@dataclass
class Silent:
    """A server, of whatever kind, that takes connections and says nothing until it is `allowed` to hang up."""

    port: int = 0
    held: list[bytes] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    allowed: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.held.append(b"")
        self.called.set()
        await self.allowed.wait()
        writer.close()


@asynccontextmanager
async def silent() -> AsyncIterator[Silent]:
    kept = Silent()
    server = await asyncio.start_server(kept.serve, "127.0.0.1", 0)
    kept.port = server.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        kept.allowed.set()
        server.close()


def a_webhook(port: int, by: User) -> Webhook:
    url = f"http://127.0.0.1:{port}/hook"
    return Webhook(url=url, events=[], secret="s", created_by=by.id, created_at=NOON, updated_at=NOON)


async def until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110 - what is called does not tell
        await asyncio.sleep(0.02)


async def hand_in(client: AsyncClient, officer: dict[str, str]) -> None:
    """Draft and submit an application."""
    drafted = await client.post(URL, json=WISH, headers=officer)
    assert drafted.status_code == 201, drafted.text
    submitted = await client.patch(f"{URL}/{drafted.json()['id']}/submit", json={}, headers=officer)
    assert submitted.status_code == 200, submitted.text


async def test_a_request_says_the_same_to_the_database_and_nothing_to_anybody_however_many_are_told(
    client: AsyncClient, session: AsyncSession, engine: AsyncEngine, sign_in: SignIn, branch: Branch,
    house: tuple[Litestar, Sessions],
) -> None:  # fmt: skip
    officer = await sign_in("officer", branch_id=branch.id)
    teller = await sign_in("teller", branch_id=branch.id)

    async def cost() -> list[str]:
        with sent(engine) as statements:
            await hand_in(client, officer.headers)
        return [said for said, _ in statements if "SAVEPOINT" not in said]  # those have numbers

    await cost()  # what the first of all asks once
    alone = await cost()
    token = teller.headers["Authorization"].removeprefix("Bearer ")
    async with silent() as slow, Socket(house[0], f"token={token}") as deaf:
        await deaf.subscribe(f"user:{teller.user.id}")
        deaf.reads.clear()
        session.add_all(a_webhook(slow.port, teller.user) for _ in range(SLOW))
        await session.commit()
        assert await cost() == alone
        assert slow.held == []
        deaf.reads.set()


@dataclass(frozen=True)
class Slowness:
    """A house with everything slow around it: requests come through `client`, `ask` puts a job in its queue."""

    client: AsyncClient
    webhooks: list[Silent]
    post: Silent
    heard: list[dict[str, object]]
    deaf: Socket
    ask: Callable[[Job], Awaitable[int]]
    done: Callable[[int], Awaitable[None]]


@pytest.fixture
async def slowness(
    town: Town, town_engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Slowness]:
    for channel in (callbacks, smtp):
        monkeypatch.setattr(channel, "SECONDS", 60)
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(silent()) for _ in range(SLOW)]
        post = await stack.enter_async_context(silent())
        quick = await stack.enter_async_context(listening())
        rows = await stack.enter_async_context(AsyncSession(town_engine))
        admin = (await rows.scalars(select(User).where(User.username == "admin"))).one()
        rows.add_all(a_webhook(port, admin) for port in (1, *(one.port for one in slow), quick.port))
        await rows.commit()
        mail = MailServer(host="127.0.0.1", port=post.port, sender="loans@branch.example", security="none")
        settings = settings_for(town.database, upload_folder=tmp_path, webhooks_private=True, mail=mail)
        alchemy = alchemy_config(settings)
        app = create_app(settings, alchemy=alchemy, passwords=CHEAP)
        stack.push_async_callback(alchemy.get_engine().dispose)
        await stack.enter_async_context(app.lifespan())
        client = await stack.enter_async_context(client_of(app))
        teller = await sign_in(client, "teller")
        me = (await client.get("/api/v1/auth/me", headers=teller)).json()["id"]
        token = teller["Authorization"].removeprefix("Bearer ")
        deaf = await stack.enter_async_context(Socket(app, f"token={token}"))
        await deaf.subscribe(f"user:{me}")
        deaf.reads.clear()

        async def ask(job: Job) -> int:
            number = await ask_for(rows, job)
            await rows.commit()
            return number

        async def done(number: int) -> None:
            status = text("SELECT status = 'succeeded' FROM procrastinate_jobs WHERE id = :number")
            while not await rows.scalar(status, {"number": number}):
                await rows.rollback()
                await asyncio.sleep(0.02)

        yield Slowness(client, slow, post, quick.calls, deaf, ask, done)
        deaf.reads.set()
        for one in (*slow, post):
            one.allowed.set()


async def test_while_others_take_their_time_requests_are_answered_and_whoever_is_quick_hears(
    slowness: Slowness,
) -> None:
    officer = await sign_in(slowness.client, "officer")
    async with asyncio.timeout(30):  # half of what a call waits: until the end no slow one is given up
        await hand_in(slowness.client, officer)
        await asyncio.gather(*(one.called.wait() for one in slowness.webhooks))
        await until(lambda: len(slowness.heard) == 2)
        await slowness.ask(SEND_EMAILS)
        await slowness.post.called.wait()
        await hand_in(slowness.client, officer)
        await until(lambda: len(slowness.heard) == 4)
        await slowness.done(await slowness.ask(TIDY_WEBHOOKS))
    # However much there is to tell, a slow one is called once at a time, and takes one place.
    assert [len(one.held) for one in slowness.webhooks] == [1] * SLOW
    assert slowness.deaf.is_quiet
