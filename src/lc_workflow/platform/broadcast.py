"""Live messages between processes: through Redis when there is one, inside this process otherwise."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Any, Final, Protocol, TypeAlias

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError

CHANNEL: Final = "lc-workflow:live"
ANSWER_SECONDS: Final = 0.5
"""How long a message waits for Redis to take it."""
REST_SECONDS: Final = 1.0
"""How long Redis is left alone after it failed, so that not every message waits for it."""
QUIET_SECONDS: Final = 15.0
"""After this long without a message the channel is asked whether it still carries anything; below the connection's own
health check, whose answers are not shown to us."""

Receiver: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Takes a pattern and a message; it must not wait."""

log = structlog.get_logger()


class Silence(NotConnected):
    """The connection looks open and carries nothing."""


class Broadcast(Protocol):
    """Carries a message to every process that serves people."""

    async def publish(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Send a message to whoever listens to the pattern."""

    def receive_with(self, receiver: Receiver) -> None:
        """Hand every message that arrives to the receiver."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Carry messages while the asynchronous block runs."""


class LocalBroadcast:
    """For one process: a message is handed over at once."""

    def __init__(self) -> None:
        self._receivers: list[Receiver] = []

    async def publish(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Hand the message to this process's receivers."""
        self._hand_over(pattern, message)

    def receive_with(self, receiver: Receiver) -> None:
        """Remember the receiver."""
        self._receivers.append(receiver)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Nothing has to run for one process."""
        yield

    def _hand_over(self, pattern: str, message: Mapping[str, Any]) -> None:
        for receiver in self._receivers:
            try:
                receiver(pattern, message)
            except Exception:
                log.exception("a live message was not taken", pattern=pattern)


class RedisBroadcast(LocalBroadcast):
    """For several processes: a message goes through Redis and comes back to each of them, this one included."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis
        self._rests_until = 0.0

    async def publish(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Send through Redis; while it is gone, at least this process's people hear it."""
        if monotonic() >= self._rests_until:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._redis.publish(CHANNEL, msgspec.json.encode((pattern, message)))
            except (RedisError, OSError) as cause:
                self._rests_until = monotonic() + REST_SECONDS
                log.warning("redis takes no live messages; only this process hears them", cause=type(cause).__name__)
            else:
                return
        self._hand_over(pattern, message)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Receive while the block runs, and subscribe again whenever the connection is lost."""
        task = asyncio.create_task(self._keep_receiving())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep_receiving(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(CHANNEL)
                    await self._receive(subscription)
            except (RedisError, OSError) as cause:
                log.warning("the live channel was lost; it is opened again", cause=type(cause).__name__)
                await asyncio.sleep(1)

    async def _receive(self, subscription: PubSub) -> None:
        """Hand over what arrives, until the connection breaks or nothing answers on it any more."""
        asked = False
        while True:
            arrived = await subscription.get_message(timeout=QUIET_SECONDS)
            if arrived is None and asked:
                raise Silence
            asked = arrived is None
            if arrived is None:
                await subscription.ping()
            elif arrived["type"] == "message":
                try:
                    pattern, message = msgspec.json.decode(arrived["data"], type=tuple[str, dict[str, Any]])
                except msgspec.MsgspecError:
                    log.warning("a live message could not be read")
                else:
                    self._hand_over(pattern, message)
