"""The Redis connection, when there is one: what the processes of an installation share."""

from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as TooSlow

from lc_workflow.platform.variables import BadSetting

MOST_CONNECTIONS: Final = 50
"""For one process; when all are busy others wait, instead of failing as with the library's own pool."""
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 2.0
FORM: Final = "REDIS_URL must look like redis://:password@host:6379/0, with rediss:// where it is encrypted."
HEALTH_CHECK_SECONDS: Final = 30
"""An idle connection is tested before use after this long, because proxies drop idle connections."""


def open_redis(url: str | None) -> Redis | None:
    """Make the client; it connects when it is first used, and again when the connection was lost.

    Raises:
        BadSetting: The URL is no Redis URL.
    """
    if url is None:
        return None
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=CONNECT_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            socket_keepalive=True,
            health_check_interval=HEALTH_CHECK_SECONDS,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
            retry_on_error=[NotConnected, TooSlow],
        )
        return Redis.from_pool(pool)
    except ValueError:
        raise BadSetting(FORM) from None


async def reach(redis: Redis) -> None:
    """Check at the start that Redis answers.

    Raises:
        BadSetting: It does not.
    """
    try:
        await redis.ping()
    except TypeError:  # the library passes on what it does not know: what stands behind a ?, or a socket's path
        raise BadSetting(FORM) from None
    except (RedisError, OSError) as silent:
        raise BadSetting(f"REDIS_URL is set and Redis does not answer there ({type(silent).__name__}).") from silent
