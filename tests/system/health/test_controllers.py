"""Whoever watches the installation learns the truth about it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.di import Provide
from structlog.testing import capture_logs

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.stopping import Departure
from lc_workflow.platform.storage.clamd import clamd_at
from lc_workflow.platform.stores import open_redis
from lc_workflow.system.health.controllers import HealthController
from lc_workflow.system.health.service import Ping, Pulse
from tests.documents.hostile.test_scanner import clamd
from tests.moments import PATIENCE

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
Watch = Callable[..., AsyncClient]


async def answers() -> None:
    """A part that is there."""


async def fails() -> None:
    raise ConnectionRefusedError


async def never_answers() -> None:
    await asyncio.sleep(60)


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    async with AsyncExitStack() as stack:

        def start(**pings: Ping | None) -> AsyncClient:
            pulse = Pulse(
                {"scanner": None, **pings}, patience_seconds=0.2 if never_answers in pings.values() else PATIENCE
            )
            departure = Departure()
            app = Litestar(
                [HealthController],
                dependencies={
                    "pulse": Provide(lambda: pulse, sync_to_thread=False),
                    "departure": Provide(lambda: departure, sync_to_thread=False),
                    "clock": Provide(lambda: lambda: NOON, sync_to_thread=False),
                },
                response_class=Answer,
                logging_config=None,
                openapi_config=None,
            )
            client = AsyncClient(transport=ASGITransport(cast("Any", app)), base_url="http://test/api/v1")
            stack.push_async_callback(client.aclose)
            return client

        yield start


async def test_everything_that_answers_is_healthy(watch: Watch, redis_url: str) -> None:
    redis = open_redis(redis_url)
    assert redis
    async with redis:
        answer = await watch(database=answers, redis=redis.ping, storage=answers).get("/health")
    body = answer.json()
    assert answer.status_code == 200
    assert body.pop("version")
    assert body == {
        "status": "healthy",
        "timestamp": "2026-11-24T05:00:00Z",
        "database": "healthy",
        "redis": "healthy",
        "storage": "healthy",
        "scanner": "not configured",
    }


async def test_what_is_not_configured_is_no_fault(watch: Watch) -> None:
    body = (await watch(database=answers, redis=None, storage=answers).get("/health/")).json()
    assert (body["status"], body["redis"]) == ("healthy", "not configured")


@pytest.mark.parametrize("fault", [fails, never_answers])
async def test_an_optional_part_that_is_down_degrades(watch: Watch, fault: Ping) -> None:
    answer = await watch(database=answers, redis=answers, storage=fault).get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["storage"]) == (200, "degraded", "unhealthy")


async def test_without_the_scanner_nothing_new_is_taken_which_is_not_health(watch: Watch) -> None:
    parts = {"database": answers, "redis": None, "storage": answers}
    async with clamd([]) as address:
        assert (await watch(**parts, scanner=clamd_at(address).ping).get("/health")).json()["status"] == "healthy"
    answer = await watch(**parts, scanner=clamd_at(address).ping).get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["scanner"]) == (200, "degraded", "unhealthy")


async def test_what_keeps_a_part_from_answering_stands_in_the_log(watch: Watch) -> None:
    async def refuses() -> None:
        raise Unavailable("The files cannot be reached.") from PermissionError("a secret path")

    with capture_logs() as logged:
        await watch(database=answers, storage=refuses).get("/health")
    assert [(line["part"], line["cause"]) for line in logged] == [("storage", "PermissionError")]


@pytest.mark.parametrize("fault", [fails, never_answers])
async def test_without_the_database_nothing_works(watch: Watch, fault: Ping) -> None:
    client = watch(database=fault, redis=answers, storage=answers)
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["database"]) == (503, "unhealthy", "unhealthy")
    unready = await client.get("/health/ready")
    assert (unready.status_code, unready.headers["retry-after"]) == (503, "5")
    assert (await client.get("/health/live")).json() == {"status": "alive"}


async def test_parts_are_asked_at_once_and_not_for_everybody_anew(watch: Watch) -> None:
    asked: list[str] = []
    all_are_asked = asyncio.Barrier(3)

    async def answers_when_all_are_asked() -> None:
        asked.append("once")
        await all_are_asked.wait()

    client = watch(**dict.fromkeys(("database", "redis", "storage"), answers_when_all_are_asked))
    answers = await asyncio.gather(*(client.get(path) for path in ["/health", "/health/ready"] * 20))
    assert {answer.status_code for answer in answers} == {200}
    assert len(asked) == 3


def test_health_is_open_and_never_counted() -> None:
    assert HealthController.opt == {"public": True, "unlimited": True}
