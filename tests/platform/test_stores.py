"""Redis is used when it is named, and one that does not work stops the start."""

import pytest

from lc_workflow.platform.stores import open_redis, reach
from lc_workflow.platform.variables import BadSetting


def test_without_a_url_there_is_no_redis() -> None:
    assert open_redis(None) is None


async def test_a_redis_that_answers_is_reached(redis_url: str) -> None:
    redis = open_redis(redis_url)
    assert redis
    async with redis:
        await reach(redis)
        assert await redis.set("key", "value", px=1_000)


@pytest.mark.parametrize("url", ["redis://:hush@127.0.0.1:1/0", "redis://:hush@no-such-host.invalid:6379"])
async def test_a_redis_that_does_not_answer_is_named_without_its_password(url: str) -> None:
    redis = open_redis(url)
    assert redis
    async with redis:
        with pytest.raises(BadSetting, match="REDIS_URL is set") as refused:
            await reach(redis)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://host", "redis", "redis://host:port"])
def test_what_is_no_redis_url_is_refused(url: str) -> None:
    with pytest.raises(BadSetting, match="REDIS_URL must look like"):
        open_redis(url)


@pytest.mark.parametrize("url", ["redis://:hush@127.0.0.1:1/0?patience=3", "unix:///run/redis.sock"])
async def test_what_the_library_cannot_use_is_refused_before_it_is_asked(url: str) -> None:
    redis = open_redis(url)
    assert redis
    async with redis:
        with pytest.raises(BadSetting, match="REDIS_URL must look like"):
            await reach(redis)
