"""The live socket, in the test's own loop."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from litestar import Litestar
from litestar.di import Provide
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from lc_workflow.engagement.live import controllers, service
from lc_workflow.engagement.live.controllers import CHECK_SECONDS, SILENT_SECONDS
from lc_workflow.engagement.live.hub import MOST_WAITING, Hub
from lc_workflow.engagement.live.service import Entrance
from lc_workflow.identity.users.models import User
from lc_workflow.platform.broadcast import Broadcast
from lc_workflow.platform.security.tokens import Tokens
from tests.conftest import Person, Sessions, SignIn
from tests.engagement.conftest import Sent, Tell
from tests.engagement.live.sockets import Events, Socket
from tests.moments import NOON, standing_still

Connect = Callable[[Person], Socket]


@pytest.fixture
def app(house: tuple[Litestar, Sessions], session: AsyncSession) -> Litestar:
    return house[0]


def provided(app: Litestar, name: str) -> Any:
    """The object that the application gives its handlers under a name."""
    provide = app.dependencies[name]
    assert isinstance(provide, Provide)
    return provide.dependency()


@pytest.fixture
def broadcast(app: Litestar) -> Broadcast:
    found: Broadcast = provided(app, "broadcast")
    return found


@pytest.fixture
def hub(app: Litestar) -> Hub:
    found: Hub = provided(app, "hub")
    return found


@pytest.fixture
def entrance(app: Litestar) -> Entrance:
    found: Entrance = provided(app, "entrance")
    return found


def token_of(person: Person) -> str:
    return person.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def connect(app: Litestar) -> Connect:
    """Connect as somebody."""
    return lambda person: Socket(app, f"token={token_of(person)}")


@pytest.mark.parametrize("origin", ["http://test", "https://app.branch.example"])
async def test_a_page_of_ours_listens_with_its_cookie(app: Litestar, officer: Person, origin: str) -> None:
    async with Socket(app, "", cookie=f"lc_session={token_of(officer)}", origin=origin) as socket:
        assert await socket.ask({"type": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize("origin", [{"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://["}, {}])
async def test_a_page_of_somebody_else_hears_nothing_with_our_cookie(
    app: Litestar, officer: Person, origin: dict[str, str]
) -> None:
    async with Socket(app, "", cookie=f"lc_session={token_of(officer)}", **origin) as socket:
        assert await socket.closed() == 4001


async def test_a_ping_is_answered(connect: Connect, officer: Person) -> None:
    async with connect(officer) as socket:
        for _ in range(3):
            assert await socket.ask({"type": "ping"}) == {"type": "pong"}


async def test_a_person_hears_what_is_sent_to_them_to_their_role_and_to_all(
    connect: Connect, officer: Person, broadcast: Broadcast
) -> None:
    patterns = ["general", f"user:{officer.user.id}", "role:officer"]
    async with connect(officer) as socket:
        for pattern in patterns:
            await socket.subscribe(pattern)
        for pattern in patterns:
            await broadcast.publish(pattern, {"type": "notification", "title": "ពាក្យសុំ", "message": pattern})
            assert await socket.hear() == {"type": "notification", "title": "ពាក្យសុំ", "message": pattern}


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("regional_manager", "manager"),
        ("portfolio_officer", "officer"),
        ("data_entry", "viewer"),
        ("auditor", "viewer"),
    ],
)
async def test_a_person_listens_to_their_role_as_the_web_app_knows_it(
    client: AsyncClient, connect: Connect, sign_in: SignIn, role: str, shown: str
) -> None:
    person = await sign_in(role)
    me = (await client.get("/api/v1/auth/me", headers=person.headers)).json()
    assert me["role"] == shown
    async with connect(person) as socket:
        for word in (me["role"], role):
            await socket.subscribe(f"role:{word}")
        refused = await socket.ask({"type": "subscribe_pattern", "pattern": "role:admin"})
        assert refused["code"] == "NotYourPattern"


async def test_nobody_hears_what_they_did_not_ask_for(
    connect: Connect, officer: Person, sign_in: SignIn, broadcast: Broadcast
) -> None:
    teller = await sign_in("teller")
    async with connect(officer) as mine, connect(teller) as theirs:
        await mine.subscribe(f"user:{officer.user.id}")
        await theirs.subscribe("role:teller")
        await broadcast.publish("general", {"to": "all"})
        await broadcast.publish("role:teller", {"to": "tellers"})
        assert await theirs.hear() == {"to": "tellers"}
        assert await mine.ask({"type": "ping"}) == {"type": "pong"}
        assert mine.is_quiet


async def test_what_is_broadcast_to_a_pattern_is_heard_once_by_whoever_listens_to_it(
    client: AsyncClient, connect: Connect, sign_in: SignIn, broadcast: Broadcast, tell: Tell, sent: Sent
) -> None:
    admin, officer, teller = [await sign_in(role) for role in ("admin", "officer", "teller")]
    words = {"title": "Tonight", "message": "The house is closed.", "notification_type": "announcement"}
    async with connect(officer) as few, connect(officer) as many, connect(officer) as none, connect(teller) as other:
        for socket, pattern in ((few, "general"), (few, "role:officer"), (other, "role:teller")):
            await socket.subscribe(pattern)
        for pattern in ("general", "role:officer", f"user:{officer.user.id}"):
            await many.subscribe(pattern)
        for pattern in ("general", "role:officer"):
            wish = words | {"pattern": pattern}
            answer = await client.post("/api/v1/notifications/broadcast", json=wish, headers=admin.headers)
            assert answer.status_code == 200
        await tell()
        await broadcast.publish_all(sent)
        listed = (await client.get("/api/v1/users/notifications", headers=officer.headers)).json()["items"]
        for socket in (few, many):
            heard = [await socket.hear() for _ in range(2)]
            assert [said["pattern"] for said in heard] == ["general", "role:officer"]
            assert {said["id"] for said in heard} == {row["id"] for row in listed}
        for socket in (few, many, none, other):
            assert await socket.ask({"type": "ping"}) == {"type": "pong"}
            assert socket.is_quiet


async def test_subscribing_twice_is_heard_once(connect: Connect, officer: Person, broadcast: Broadcast) -> None:
    async with connect(officer) as socket:
        await socket.subscribe("general")
        await socket.subscribe("general")
        await broadcast.publish("general", {"n": 1})
        assert await socket.hear() == {"n": 1}
        assert await socket.ask({"type": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize(
    "pattern",
    [
        f"user:{UUID(int=7)}",
        "role:admin",
        "user:*",
        "*",
        "",
        "general ",
        "GENERAL",
        "role:",
        "user:{me}:x",
        "role:officer\n",
    ],
)
async def test_nobody_hears_patterns_that_are_not_theirs(
    connect: Connect, officer: Person, broadcast: Broadcast, pattern: str
) -> None:
    pattern = pattern.replace("{me}", str(officer.user.id))
    async with connect(officer) as socket:
        answer = await socket.ask({"type": "subscribe_pattern", "pattern": pattern})
        assert (answer["type"], answer["code"]) == ("error", "NotYourPattern")
        await broadcast.publish(pattern, {"secret": True})
        assert await socket.ask({"type": "ping"}) == {"type": "pong"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ping",
        "{",
        "null",
        "[]",
        "7",
        "{}",
        '{"type": 1}',
        '{"type": "shout"}',
        '{"type": "subscribe_pattern"}',
        '{"type": "subscribe_pattern", "pattern": 7}',
        '{"type": "subscribe_pattern", "pattern": "' + "x" * 201 + '"}',
        "[" * 4_096,
        '{"type":' * 500,
    ],
    ids=lambda text: text[:42],
)
async def test_what_is_no_message_is_refused_and_the_socket_stays_open(
    connect: Connect, officer: Person, text: str
) -> None:
    async with connect(officer) as socket:
        answer = await socket.ask(text)
        assert (answer["type"], answer["code"]) == ("error", "MalformedMessage")
        assert await socket.ask({"type": "ping", "sent_at": 7}) == {"type": "pong"}


async def test_a_message_as_long_as_a_book_closes_the_socket(connect: Connect, officer: Person) -> None:
    async with connect(officer) as socket:
        await socket.say(json.dumps({"type": "ping", "padding": "x" * 5_000}))
        assert await socket.closed() == 1009


async def test_bytes_close_the_socket(connect: Connect, officer: Person) -> None:
    async with connect(officer) as socket:
        await socket.say_bytes(b'{"type": "ping"}')
        assert await socket.closed() == 1003


@pytest.mark.parametrize("query", ["", "token=", "token=abc", "token=a.b.c", "token=%F0%9F%99%82", "tokens=x"])
async def test_a_bad_token_closes_with_4001(app: Litestar, query: str) -> None:
    async with Socket(app, query) as socket:
        assert await socket.closed() == 4001


async def test_a_token_that_has_ended_closes_with_4001(app: Litestar, officer: Person, tokens: Tokens) -> None:
    old = tokens.issue(officer.user.id, uuid4(), at=NOON - timedelta(days=1))
    async with Socket(app, f"token={old}") as socket:
        assert await socket.closed() == 4001


async def test_a_session_that_has_ended_closes_with_4001(
    connect: Connect, officer: Person, client: AsyncClient
) -> None:
    await client.post("/api/v1/auth/logout", headers=officer.headers)
    async with connect(officer) as socket:
        assert await socket.closed() == 4001


@pytest.fixture
def checking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controllers, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(service, "GATHER_SECONDS", 0.02)


@pytest.fixture
async def until_checked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[], None]]:
    """What lets so much time pass that everybody is checked, and before that nobody: all are on one connection here."""
    monkeypatch.setattr(service, "GATHER_SECONDS", 0.0)
    with standing_still() as let_pass:
        yield lambda: let_pass(CHECK_SECONDS)


async def test_a_socket_ends_with_its_session(
    connect: Connect, officer: Person, client: AsyncClient, until_checked: Callable[[], None]
) -> None:
    async with connect(officer) as socket:
        await socket.subscribe("general")
        await client.post("/api/v1/auth/logout", headers=officer.headers)
        until_checked()
        assert await socket.closed() == 4001


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"status": "suspended"}], ids=str)
async def test_a_socket_ends_when_its_person_is_somebody_else_now(
    connect: Connect,
    officer: Person,
    session: AsyncSession,
    until_checked: Callable[[], None],
    change: dict[str, Any],
) -> None:
    async with connect(officer) as socket:
        await session.execute(update(User).where(User.id == officer.user.id).values(change))
        await session.commit()
        until_checked()
        assert await socket.closed() == 4001


@pytest.mark.usefixtures("checking_often")
async def test_a_socket_outlives_many_checks(connect: Connect, officer: Person) -> None:
    async with connect(officer) as socket:
        await asyncio.sleep(0.35)
        assert await socket.ask({"type": "ping"}) == {"type": "pong"}


@pytest.mark.usefixtures("checking_often")
async def test_while_the_database_is_gone_nobody_is_cut_off(
    connect: Connect, officer: Person, entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Any:
        raise ConnectionRefusedError

    async with connect(officer) as socket:
        monkeypatch.setattr(entrance, "_open_session", gone)
        await asyncio.sleep(0.25)
        assert await socket.ask({"type": "ping"}) == {"type": "pong"}


async def test_a_client_that_says_nothing_for_long_is_taken_for_gone(connect: Connect, officer: Person) -> None:
    with standing_still() as let_pass:
        async with connect(officer) as socket:
            for _ in range(6):
                let_pass(SILENT_SECONDS - 1)
                assert await socket.ask({"type": "ping"}) == {"type": "pong"}
            let_pass(SILENT_SECONDS)
            assert await socket.closed() == 1001


async def test_a_slow_reader_is_dropped_and_holds_up_nobody(
    connect: Connect, officer: Person, sign_in: SignIn, broadcast: Broadcast, hub: Hub
) -> None:
    teller = await sign_in("teller")
    async with connect(officer) as slow, connect(teller) as quick:
        for socket in (slow, quick):
            await socket.subscribe("general")
        slow.reads.clear()
        for number in range(MOST_WAITING + 2):
            await broadcast.publish("general", {"n": number})
            assert await quick.hear() == {"n": number}
        await slow.ended()
        assert len(hub._ears) == 1


async def test_whoever_was_dropped_as_too_slow_is_kept_nowhere_whatever_they_still_ask_for(
    connect: Connect, officer: Person, hub: Hub
) -> None:
    async with connect(officer) as socket:
        await socket.subscribe("general")
        (ear,) = hub._ears
        for number in range(MOST_WAITING + 1):
            ear.say({"n": number})
        ear.listen(f"user:{officer.user.id}")
        await socket.ended()
    assert not hub._listening


async def test_a_reader_who_stops_only_for_a_moment_misses_nothing(
    connect: Connect, officer: Person, broadcast: Broadcast
) -> None:
    async with connect(officer) as socket:
        await socket.subscribe("general")
        socket.reads.clear()
        for number in range(MOST_WAITING):
            await broadcast.publish("general", {"n": number})
            await asyncio.sleep(0)
        socket.reads.set()
        assert [(await socket.hear())["n"] for _ in range(MOST_WAITING)] == list(range(MOST_WAITING))


async def test_whoever_takes_nothing_for_long_is_dropped(
    connect: Connect, officer: Person, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controllers, "SEND_SECONDS", 0.1)
    monkeypatch.setattr(controllers, "CLOSE_SECONDS", 0.1)
    async with connect(officer) as socket:
        await socket.subscribe("general")
        socket.reads.clear()
        await broadcast.publish("general", {"n": 1})
        await socket.ended()


async def test_a_flood_of_pings_that_nobody_reads_ends_the_socket(connect: Connect, officer: Person) -> None:
    async with connect(officer) as socket:
        socket.reads.clear()
        for _ in range(MOST_WAITING + 2):
            await socket.say({"type": "ping"})
        await socket.ended()


async def test_whoever_leaves_is_forgotten(connect: Connect, officer: Person, hub: Hub) -> None:
    assert not hub._ears
    async with connect(officer) as first, connect(officer):
        await first.subscribe("general")
        assert len(hub._ears) == 2
    assert not hub._ears


async def test_the_log_names_the_person_and_never_the_token(connect: Connect, officer: Person) -> None:
    with capture_logs() as logged:
        async with connect(officer) as socket:
            await socket.ask({"type": "ping"})
    (line,) = [line for line in logged if line["event"] == "socket"]
    assert (line["path"], line["user_id"]) == ("/api/v1/ws/realtime", str(officer.user.id))
    assert token_of(officer) not in json.dumps(logged, default=str)


async def test_a_socket_holds_no_connection_to_the_database(
    connect: Connect, officer: Person, entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    @asynccontextmanager
    async def watched() -> AsyncIterator[AsyncSession]:
        looks.append("open")
        async with open_session() as session:
            yield session
        looks.append("closed")

    open_session = entrance._open_session
    monkeypatch.setattr(entrance, "_open_session", watched)
    async with connect(officer) as socket:
        await socket.ask({"type": "ping"})
        assert looks == ["open", "closed"]


async def test_nobody_holds_more_connections_than_they_may(
    connect: Connect, app: Litestar, officer: Person, client: AsyncClient, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_most_of_one", 2)
    async with connect(officer), Events(app, "", officer.headers), connect(officer) as third:
        assert await third.closed() == 1013
        answer = await client.get("/api/v1/ws/events", headers=officer.headers)
        assert (answer.status_code, answer.json()["code"]) == (429, "TooManyConnections")
    async with connect(officer) as another:
        assert await another.ask({"type": "ping"}) == {"type": "pong"}


async def test_a_process_holds_no_more_connections_than_it_can(
    connect: Connect, officer: Person, sign_in: SignIn, client: AsyncClient, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_most_of_all", 1)
    teller = await sign_in("teller")
    async with connect(officer), connect(teller) as second:
        assert await second.closed() == 1013
        answer = await client.get("/api/v1/ws/events", headers=teller.headers)
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "NoRoom", "30")


async def test_the_same_is_heard_as_server_sent_events(
    app: Litestar, officer: Person, broadcast: Broadcast, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controllers, "HEARTBEAT_SECONDS", 0.1)
    message = {"type": "notification", "title": "ពាក្យសុំ\nពីរ"}
    async with (
        Events(app, "", officer.headers) as all_of_mine,
        Events(app, f"token={token_of(officer)}&pattern=user:{officer.user.id}", {}) as one,
    ):
        assert all_of_mine.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert all_of_mine.headers["cache-control"] == "no-store"
        for stream in (all_of_mine, one):
            assert await stream.hear() == ": listening\nretry: 3000\n\n"
            assert await stream.hear() == ": still here\n\n"
        await broadcast.publish("role:teller", {"to": "tellers"})
        await broadcast.publish("general", {"to": "all"})
        await broadcast.publish(f"user:{officer.user.id}", message)
        assert await _event(all_of_mine) == {"to": "all"}
        assert await _event(all_of_mine) == await _event(one) == message
    assert not hub._ears


async def _event(stream: Events) -> Any:
    while (text := await stream.hear()).startswith(":"):
        pass
    assert text.startswith("data: ")
    assert text.index("\n\n") == len(text) - 2
    return json.loads(text.removeprefix("data: "))


@pytest.mark.usefixtures("checking_often")
async def test_a_stream_that_nobody_reads_keeps_no_place(
    app: Litestar, officer: Person, broadcast: Broadcast, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tab that sleeps takes no farewell; twenty of them, and their person heard nothing any more."""
    monkeypatch.setattr(hub, "_most_of_one", 1)
    async with Events(app, "", officer.headers) as asleep:
        assert await asleep.hear() == ": listening\nretry: 3000\n\n"
        asleep.reads.clear()
        for number in range(MOST_WAITING + 2):
            await broadcast.publish("general", {"n": number})
            await asyncio.sleep(0)
        async with Events(app, "", officer.headers) as awake:
            assert await awake.hear() == ": listening\nretry: 3000\n\n"
        asleep.reads.set()
        while await asleep.hear():  # to its end
            pass
    assert not hub._ears
    assert not hub._held


async def test_a_stream_ends_with_its_session(
    app: Litestar, officer: Person, client: AsyncClient, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Events(app, "", officer.headers) as stream:
        await client.post("/api/v1/auth/logout", headers=officer.headers)
        monkeypatch.setattr(controllers, "CHECK_SECONDS", 0.0)
        await broadcast.publish("general", {"n": 1})
        while await stream.hear():
            pass


async def test_strangers_and_others_patterns_are_refused(client: AsyncClient, officer: Person) -> None:
    for path, headers, code in (
        ("", {}, "TokenMissing"),
        ("?token=not.a.token", {}, "SessionEnded"),
        ("?pattern=general&pattern=role:admin", officer.headers, "NotYourPattern"),
    ):
        answer = await client.get(f"/api/v1/ws/events{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403 if code == "NotYourPattern" else 401, code)


async def test_everybody_is_told_when_the_process_ends(
    connect: Connect, app: Litestar, officer: Person, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_ends", asyncio.Event())
    async with connect(officer) as socket, Events(app, "", officer.headers) as stream:
        hub.end()
        assert await socket.closed() == 1012
        while await stream.hear():
            pass
