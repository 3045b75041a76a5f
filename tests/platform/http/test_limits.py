"""Whoever asks too often is told to wait, and nobody else is."""

from typing import Any

import pytest
from httpx import AsyncClient
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import get, post
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from lc_workflow.platform.ratelimit import LimitRequests, LocalLimiter, NoLimiter, Rate, limit
from tests.platform.http.conftest import WEB_APP, Serve


@get("/things")
async def things() -> None: ...


@get("/alive", opt={"unlimited": True})
async def alive() -> None: ...


@post("/upload", guards=[limit("2/minute", name="upload")])
async def upload() -> None: ...


class Claim(ASGIMiddleware):
    """Stands for the middleware that reads tokens."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        for name, value in scope["headers"]:
            if name == b"x-person":
                scope["state"]["subject"] = value.decode()
        await next_app(scope, receive, send)


@pytest.fixture
def wiring() -> dict[str, Any]:
    return {"middleware": [Claim(), LimitRequests(Rate(3, 60))], "state": State({"limiter": LocalLimiter()})}


@pytest.fixture
async def client(serve: Serve, wiring: dict[str, Any]) -> AsyncClient:
    return await serve(things, alive, upload, **wiring)


async def test_every_counted_answer_says_how_many_may_follow(client: AsyncClient) -> None:
    answers = [await client.get("/things") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert all(0 < int(answer.headers["X-RateLimit-Reset"]) <= 60 for answer in answers)


async def test_too_many_is_a_problem_with_a_time_to_wait(client: AsyncClient) -> None:
    for _ in range(3):
        await client.get("/things")
    answer = await client.get("/things", headers={"Origin": WEB_APP})
    assert answer.json()["code"] == "TooMany"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["access-control-allow-origin"] == WEB_APP
    assert "X-RateLimit-Limit" in answer.headers["access-control-expose-headers"]


async def test_a_branch_behind_one_address_is_not_locked_out(client: AsyncClient) -> None:
    for _ in range(4):
        await client.get("/things", headers={"X-Person": "sok"})
    assert (await client.get("/things", headers={"X-Person": "sok"})).status_code == 429
    assert (await client.get("/things", headers={"X-Person": "dara"})).status_code == 200
    assert (await client.get("/things")).status_code == 200


async def test_a_route_may_have_a_limit_of_its_own(client: AsyncClient) -> None:
    answers = [await client.post("/upload", headers={"X-Person": "sok"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"
    assert (await client.post("/upload", headers={"X-Person": "dara"})).status_code == 201


async def test_what_must_always_answer_is_not_counted(client: AsyncClient) -> None:
    answers = [await client.get("/alive") for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


async def test_limits_can_be_switched_off(serve: Serve, wiring: dict[str, Any]) -> None:
    client = await serve(things, upload, **(wiring | {"state": State({"limiter": NoLimiter()})}))
    answers = [await client.get("/things") for _ in range(10)] + [await client.post("/upload") for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200, 201}
    assert not [name for name in answers[0].headers if name.startswith("x-ratelimit")]


async def test_addresses_are_counted_apart(serve: Serve, wiring: dict[str, Any]) -> None:
    client = await serve(things, trusted_proxies=("10.0.0.0/8",), **wiring)
    for _ in range(4):
        await client.get("/things", headers={"X-Forwarded-For": "2001:db8:1:2:3::1"})
    assert (await client.get("/things", headers={"X-Forwarded-For": "2001:db8:1:2:9::9"})).status_code == 429
    assert (await client.get("/things", headers={"X-Forwarded-For": "2001:db8:1:3::1"})).status_code == 200
    assert (await client.get("/things", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 200
