"""Live messages between processes: through Redis when there is one, inside this process otherwise."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol, TypeAlias

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL = "lc-workflow:live"

Receiver: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Takes a pattern and a message; it must not wait."""

log = structlog.get_logger()


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
        for receiver in self._receivers:
            receiver(pattern, message)

    def receive_with(self, receiver: Receiver) -> None:
        """Remember the receiver."""
        self._receivers.append(receiver)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Nothing has to run for one process."""
        yield


class RedisBroadcast(LocalBroadcast):
    """For several processes: a message goes through Redis and comes back to each of them, this one included."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    async def publish(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Send through Redis; while it is gone, at least this process's people hear it."""
        try:
            await self._redis.publish(CHANNEL, msgspec.json.encode((pattern, message)))
        except (RedisError, OSError):
            log.warning("redis did not take a live message; only this process hears it")
            await super().publish(pattern, message)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Receive while the block runs, and subscribe again whenever the connection is lost."""
        task = asyncio.create_task(self._keep_receiving())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep_receiving(self) -> None:
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(CHANNEL)
                    async for message in subscription.listen():
                        pattern, body = msgspec.json.decode(message["data"], type=tuple[str, dict[str, Any]])
                        await super().publish(pattern, body)
            except (RedisError, OSError, msgspec.MsgspecError):
                log.warning("the live channel was lost; it is opened again")
                await asyncio.sleep(1)
