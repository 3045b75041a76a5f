"""What every request passes on its way in and every answer on its way out."""

import re
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar, Request, websocket
from litestar.connection import WebSocket
from litestar.handlers import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from structlog.testing import capture_logs

from lc_workflow.platform.http.cors import Cors
from lc_workflow.platform.http.shell import Shell
from lc_workflow.platform.stopping import Departure
from tests.platform.http.conftest import WEB_APP, Serve


@get("/things/{thing_id:uuid}")
async def thing(thing_id: FromPath[UUID], request: Request[Any, Any, Any], token: FromQuery[str | None] = None) -> str:
    request.scope["state"]["subject"] = "u1"
    return f"thing {thing_id.int} {token}"


@get("/client", media_type="application/json")
async def client_of(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return {"host": request.client.host if request.client else None, "scheme": request.url.scheme}


@get("/framed")
async def framed() -> str:
    return "own rules"


@post("/things")
async def make() -> None: ...


@get("/broken-stream")
async def broken_stream() -> Stream:
    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        raise RuntimeError("in the middle")

    return Stream(parts())


@pytest.fixture
async def client(serve: Serve) -> AsyncClient:
    return await serve(thing, client_of, framed, make, broken_stream)


THING = f"/things/{UUID(int=1)}"


async def test_a_request_id_comes_back_and_stands_in_the_log(client: AsyncClient) -> None:
    answer = await client.get(THING, headers={"X-Request-ID": "from-the-web-app.1"})
    assert answer.headers["X-Request-ID"] == "from-the-web-app.1"


@pytest.mark.parametrize("sent", [None, "", "a b", "x" * 65, 'quo"te', "новый".encode()])
async def test_an_unusable_request_id_is_replaced(client: AsyncClient, sent: Any) -> None:
    answer = await client.get(THING, headers={} if sent is None else {"X-Request-ID": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])


async def test_each_request_leaves_one_line_without_its_secrets(client: AsyncClient) -> None:
    with capture_logs() as lines:
        await client.get(f"{THING}?token=secret")
        await client.get("/nowhere/secret")
    assert "secret" not in str(lines)
    assert [{key: line[key] for key in ("event", "method", "path", "status", "user_id")} for line in lines] == [
        {"event": "request", "method": "GET", "path": "/things/{thing_id}", "status": 200, "user_id": "u1"},
        {"event": "request", "method": "GET", "path": "(no such path)", "status": 404, "user_id": None},
    ]
    assert all(line["milliseconds"] >= 0 for line in lines)


@pytest.mark.parametrize("path", [THING, "/nowhere", "/things", "/client?x=%00"])
async def test_every_answer_is_hardened(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert {
        name: answer.headers[name] for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")
    } == {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answer.headers


async def test_browsers_are_kept_on_https_once_they_are_there(serve: Serve) -> None:
    client = await serve(thing, base_url="https://test")
    assert (await client.get(THING)).headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(
    "path", ["/things/%00", "/things/%ff", "/client?a=%00", "/client?a%00=1", "/client?a=%ff", "/client?a=%ED%A0%80"]
)
async def test_an_address_that_is_no_text_is_refused(client: AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={"Origin": WEB_APP})
    assert (answer.status_code, answer.json()["code"]) == (422, "MalformedRequest")
    assert answer.headers["access-control-allow-origin"] == WEB_APP


async def test_the_web_app_may_call_and_read(client: AsyncClient) -> None:
    headers = (await client.get(THING, headers={"Origin": WEB_APP})).headers
    assert headers["access-control-allow-origin"] == WEB_APP
    assert headers["access-control-allow-credentials"] == "true"
    exposed = set(headers["access-control-expose-headers"].split(", "))
    assert exposed >= {"X-Request-ID", "X-RateLimit-Remaining", "ETag", "Retry-After", "Content-Disposition"}
    assert "Origin" in headers["vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"]
)
async def test_other_pages_may_not(client: AsyncClient, origin: str) -> None:
    headers = (await client.get(THING, headers={"Origin": origin})).headers
    assert not [name for name in headers if name.startswith("access-control-")]


async def test_a_preflight_is_answered_without_asking_the_app(client: AsyncClient) -> None:
    asked = {"Origin": WEB_APP, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "If-Match"}
    answer = await client.options("/anything", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == WEB_APP
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert {"Authorization", "Content-Type", "If-Match"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    refused = await client.options("/anything", headers=asked | {"Origin": "https://evil.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "OriginNotAllowed")


async def test_any_origin_is_echoed_where_all_are_allowed(serve: Serve) -> None:
    client = await serve(thing, origins=("*",))
    headers = (await client.get(THING, headers={"Origin": "http://localhost:3000"})).headers
    assert headers["access-control-allow-origin"] == "http://localhost:3000"


async def test_head_is_get_without_the_body(client: AsyncClient) -> None:
    answer = await client.head(THING)
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "12")


async def test_nobody_may_claim_an_address_unless_the_proxy_is_trusted(serve: Serve) -> None:
    claimed = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    plain = await serve(client_of)
    assert (await plain.get("/client", headers=claimed)).json() == {"host": "10.1.2.3", "scheme": "http"}
    behind = await serve(client_of, trusted_proxies=("10.0.0.0/8",))
    assert (await behind.get("/client", headers=claimed)).json() == {"host": "203.0.113.9", "scheme": "https"}
    forged = claimed | {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    assert (await behind.get("/client", headers=forged)).json()["host"] == "203.0.113.9"


async def test_an_address_of_ipv4_is_the_same_where_the_server_listens_on_ipv6(serve: Serve) -> None:
    mapped = await serve(client_of, trusted_proxies=("10.0.0.0/8",), address="::ffff:10.1.2.3")
    assert (await mapped.get("/client")).json()["host"] == "10.1.2.3"
    claimed = {"X-Forwarded-For": "::ffff:203.0.113.9"}
    assert (await mapped.get("/client", headers=claimed)).json()["host"] == "203.0.113.9"


async def test_an_exception_outside_the_app_is_still_a_problem_with_cors() -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("secret text")

    app = Litestar([thing], openapi_config=None, logging_config=None)
    app.asgi_handler = Shell(fails, cors=Cors([WEB_APP]), departure=Departure())
    async with AsyncClient(transport=ASGITransport(cast("Any", app)), base_url="http://test") as client:
        answer = await client.get(THING, headers={"Origin": WEB_APP})
    assert (answer.status_code, answer.json()["code"]) == (500, "UnforeseenError")
    assert answer.headers["access-control-allow-origin"] == WEB_APP
    assert "secret" not in answer.text


async def test_an_answer_that_breaks_off_does_not_look_complete(client: AsyncClient) -> None:
    with capture_logs() as lines:
        answer = await client.get("/broken-stream")
    assert answer.content == b"first"
    assert "unforeseen error" in [line["event"] for line in lines]


@websocket("/live")
async def live(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.close(4001)


@websocket("/broken")
async def broken(socket: WebSocket[Any, Any, Any]) -> None:
    raise RuntimeError(f"broken {socket}")


async def call_socket(app: Litestar, path: str, query: bytes) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [],
        "scheme": "ws",
        "client": ("10.1.2.3", 1),
        "server": ("test", 80),
        "subprotocols": [],
        "extensions": {},
    }
    await app(scope, receive, send)
    return sent


async def test_a_socket_leaves_a_line_when_it_closes_without_its_token() -> None:
    app = Litestar([live, broken], openapi_config=None, logging_config=None)
    app.asgi_handler = Shell(app.asgi_handler, cors=Cors([]), departure=Departure())
    with capture_logs() as lines:
        messages = await call_socket(app, "/live", b"token=secret")
        refused = await call_socket(app, "/live", b"token=%00")
        missing = await call_socket(app, "/nowhere", b"token=secret")
    assert [message["type"] for message in messages] == ["websocket.accept", "websocket.close"]
    assert [message["type"] for message in refused] == ["websocket.close"]
    assert [message["type"] for message in missing] == ["websocket.close"]
    assert "secret" not in str(lines)
    assert [(line["event"], line["path"], line["status"]) for line in lines][:2] == [
        ("socket", "/live", 4001),
        ("socket", "(no such path)", 1008),
    ]


async def test_a_socket_that_fails_outside_the_app_is_closed() -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("broken")

    app = Litestar([live], openapi_config=None, logging_config=None)
    app.asgi_handler = Shell(fails, cors=Cors([]), departure=Departure())
    assert [message["code"] for message in await call_socket(app, "/live", b"")] == [1011]


@pytest.mark.parametrize(("announced", "read"), [(3_000_000, True), (5_000_000, False)])
async def test_a_refusal_waits_for_the_body_unless_it_is_long(
    client: AsyncClient, announced: int, *, read: bool
) -> None:
    """Who is still sending while the server answers and hangs up hears of a broken network, not of the refusal."""
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(announced // 100_000):
            sent += 100_000
            yield b"x" * 100_000

    answer = await client.post("/nowhere", content=body(), headers={"Content-Length": str(announced)})
    assert answer.status_code == 404
    assert sent == announced * read
