"""Limits are exact: under concurrency, across processes, and while Redis comes and goes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from litestar.datastructures import State
from redis.asyncio import Redis
from structlog.testing import capture_logs

from lc_workflow.kernel.errors import TooMany
from lc_workflow.platform import ratelimit, stores
from lc_workflow.platform.config import Settings, database_url
from lc_workflow.platform.embedded import valkey
from lc_workflow.platform.ratelimit import (
    MOST_KEYS,
    REST_SECONDS,
    Limiter,
    LocalLimiter,
    NoLimiter,
    Rate,
    RedisLimiter,
    admit,
    limiter_for,
)
from lc_workflow.platform.stores import open_redis
from tests.moments import PATIENCE

FIFTY = Rate(50, 60)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    with pytest.MonkeyPatch.context() as patient:
        for name in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
            patient.setattr(stores, name, PATIENCE)
        client = open_redis(redis_url)
    assert client
    async with client:
        await client.flushall()
        yield client


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Redis as long as it takes: where a machine is busy, it would be taken for hanging."""
    monkeypatch.setattr(ratelimit, "ANSWER_SECONDS", PATIENCE)


@pytest.fixture(params=["local", "redis"])
def limiter(request: pytest.FixtureRequest, redis: Redis, patient: None) -> Limiter:
    return LocalLimiter() if request.param == "local" else RedisLimiter(redis)


async def test_of_two_hundred_at_once_exactly_the_limit_gets_through(limiter: Limiter) -> None:
    verdicts = await asyncio.gather(*(limiter.hit("sok", FIFTY) for _ in range(200)))
    assert sum(verdict.allowed for verdict in verdicts) == 50
    assert sorted(verdict.remaining for verdict in verdicts if verdict.allowed) == list(range(50))
    assert all(0 < verdict.reset_after_seconds <= 60 for verdict in verdicts)
    assert (await limiter.hit("dara", FIFTY)).remaining == 49


async def test_a_window_ends_however_often_somebody_knocks_meanwhile(limiter: Limiter) -> None:
    rate, began = Rate(1, 1), monotonic()
    assert (await limiter.hit("sok", rate)).allowed
    async with asyncio.timeout(PATIENCE):
        while not (await limiter.hit("sok", rate)).allowed:  # noqa: ASYNC110 - that is knocking
            await asyncio.sleep(0.05)
    assert monotonic() - began > 0.99  # Redis counts whole milliseconds


async def test_too_many_are_refused_with_the_time_to_wait(limiter: Limiter) -> None:
    rate, began = Rate.parse("1/minute"), monotonic()
    scope: Any = {"litestar_app": SimpleNamespace(state=State({"limiter": limiter})), "state": {}}
    await admit(scope, "sign-in:10.1.2.3:sok", rate)
    with pytest.raises(TooMany) as refused:
        await admit(scope, "sign-in:10.1.2.3:sok", rate)
    wait = refused.value.retry_after
    assert wait is not None
    assert wait <= 60
    assert monotonic() + wait > began + 59.99  # whoever waits as long is let in
    assert refused.value.detail == f"Too many requests. Try again in {wait} seconds."


CHILD = """
import asyncio, sys
from lc_workflow.platform import ratelimit, stores
from lc_workflow.platform.ratelimit import Rate, RedisLimiter
from lc_workflow.platform.stores import open_redis

ratelimit.ANSWER_SECONDS = stores.ANSWER_SECONDS = stores.CONNECT_SECONDS = float(sys.argv[2])

async def main():
    async with open_redis(sys.argv[1]) as redis:
        limiter = RedisLimiter(redis)
        verdicts = await asyncio.gather(*(limiter.hit("shared", Rate(50, 60)) for _ in range(100)))
    print(sum(verdict.allowed for verdict in verdicts))

asyncio.run(main())
"""


async def test_processes_that_share_redis_share_the_limit(redis: Redis, redis_url: str) -> None:
    assert await redis.dbsize() == 0
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-c", CHILD, redis_url, str(PATIENCE), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    printed = [(await child.communicate())[0] for child in children]
    assert sum(int(text) for text in printed) == 50


async def test_when_redis_stops_each_process_counts_for_itself(tmp_path: Path, patient: None) -> None:
    rate = Rate(3, 60)
    with valkey(tmp_path) as url:
        client = open_redis(url)
        assert client
        limiter = RedisLimiter(client)
        assert (await limiter.hit("sok", rate)).remaining == 2
    with capture_logs() as lines:
        verdicts = [await limiter.hit("sok", rate) for _ in range(4)]
    await client.aclose()
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]
    assert [line["event"] for line in lines] == ["limits are counted in this process only"]


async def test_a_redis_that_hangs_does_not_hold_requests_up(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_redis(redis_url)
    assert other
    async with other:
        limiter = RedisLimiter(other)
        await limiter.hit("sok", FIFTY)
        await redis.client_pause(round(PATIENCE * 1_000), all=False)
        async with asyncio.timeout(PATIENCE / 2):
            verdicts = await asyncio.gather(*(limiter.hit("sok", FIFTY) for _ in range(20)))
        assert all(verdict.allowed for verdict in verdicts)
        await redis.client_unpause()
        monkeypatch.setattr(ratelimit, "ANSWER_SECONDS", PATIENCE)
        await asyncio.sleep(REST_SECONDS)
        counts = [(await limiter.hit("later", FIFTY)).remaining for _ in range(3)]
    assert counts == [49, 48, 47]


async def test_the_local_counter_forgets_instead_of_growing() -> None:
    now = 0.0
    limiter = LocalLimiter(clock=lambda: now)
    for number in range(MOST_KEYS + 10):
        await limiter.hit(str(number), FIFTY)
    assert len(limiter._windows) <= MOST_KEYS
    assert (await limiter.hit(str(MOST_KEYS + 9), FIFTY)).remaining == 48
    now = 61.0
    assert (await limiter.hit(str(MOST_KEYS + 9), FIFTY)).remaining == 49


async def test_half_an_hour_is_never_told_as_a_second_more() -> None:
    limiter = LocalLimiter(clock=lambda: 63836.44138626544)  # this and 1800, less this, is a hair above 1800
    assert (await limiter.hit("a name", Rate(1, 1_800))).reset_after_seconds == 1_800


@pytest.mark.parametrize("text", ["", "5", "0/minute", "-1/minute", "5/fortnight", "5/minutes", "x/minute"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        Rate.parse(text)


async def test_the_settings_choose_the_limiter(redis: Redis) -> None:
    url = database_url("postgresql://u:p@h/d")
    settings = Settings(database_url=url, secret_key="x" * 32)
    assert isinstance(limiter_for(settings, None), LocalLimiter)
    assert isinstance(limiter_for(settings, redis), RedisLimiter)
    off = Settings(database_url=url, secret_key="x" * 32, rate_limit_enabled=False)
    assert isinstance(limiter_for(off, redis), NoLimiter)
    assert (await NoLimiter().hit("sok", FIFTY)).headers() == []
