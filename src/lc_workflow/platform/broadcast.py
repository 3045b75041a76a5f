"""Live messages between processes: through Redis when there is one, inside this process otherwise."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import islice
from time import monotonic
from typing import Any, Final, Protocol, TypeAlias
from uuid import uuid4

import msgspec
import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

STREAM: Final = "lc-workflow:live:stream"
TEXT: Final = b"text"
START: Final = "0-0"
MOST_KEPT: Final = 10_000
"""Messages that are kept for processes that lost their connection, and by a process while Redis is gone. One message to
each of some thousand people at once must fit in."""
SENT_AT_ONCE: Final = 500
"""Messages sent to Redis in one batch."""
ANSWER_SECONDS: Final = 0.5
"""How long a message waits for Redis to take it."""
REST_SECONDS: Final = 1.0
"""How long Redis is left alone after a failure, so that not every message waits for it."""
QUIET_SECONDS: Final = 15.0
"""How long to wait for a message before asking again; a connection that gives no answer at all by then is lost."""

Receiver: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Takes a pattern and a message; it must not wait."""

log = structlog.get_logger()

_DECODER: Final = msgspec.json.Decoder(tuple[str, int, str, dict[str, Any]])


Message: TypeAlias = tuple[str, Mapping[str, Any]]
"""What is said, and the pattern it is said to."""


class Broadcast(Protocol):
    """Carries a message to every process that serves people."""

    async def publish(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Send a message to whoever listens to the pattern."""

    async def publish_all(self, messages: Iterable[Message]) -> None:
        """Send several messages in order, in as few round trips as possible."""

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

    async def publish_all(self, messages: Iterable[Message]) -> None:
        """Hand the messages to this process's receivers."""
        for pattern, message in messages:
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
    """For several processes: delivers at once in its own process, and to the others through a Redis stream.

    A stream can be read on from the last message received, so neither a lost connection nor a restart of Redis loses
    messages. What Redis does not accept is kept and sent once it is back.
    """

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis
        self._me = uuid4().hex
        self._number = 0
        self._unsent: deque[bytes] = deque(maxlen=MOST_KEPT)
        self._sends = False
        self._rests_until = 0.0
        self._read_up_to: str | None = None
        self._heard: dict[str, int] = {}

    async def publish(self, pattern: str, message: Mapping[str, Any]) -> None:
        """Deliver the message here and send it to the others; while Redis is gone, they get it later."""
        await self.publish_all([(pattern, message)])

    async def publish_all(self, messages: Iterable[Message]) -> None:
        """Deliver the messages here and send them to the others; while Redis is gone, they get them later."""
        for pattern, message in messages:
            self._hand_over(pattern, message)
            self._number += 1
            self._unsent.append(msgspec.json.encode((self._me, self._number, pattern, message)))
        if monotonic() >= self._rests_until:
            try:
                await self._send()
            except (RedisError, OSError) as cause:
                self._rests_until = monotonic() + REST_SECONDS
                log.warning("redis takes no live messages; they are sent later", cause=type(cause).__name__)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Receive while the block runs, and connect again whenever the connection is lost."""
        task = asyncio.create_task(self._keep_receiving())
        try:
            yield
        finally:
            while not task.done():  # redis-py may swallow a cancellation that comes together with an answer
                task.cancel()
                await asyncio.wait([task], timeout=REST_SECONDS)

    async def _send(self) -> None:
        """Send the waiting messages in order; only one task sends at a time, the others leave theirs to it."""
        if self._sends:
            return
        self._sends = True
        try:
            while texts := list(islice(self._unsent, SENT_AT_ONCE)):
                sending = self._redis.pipeline(transaction=False)
                for text in texts:
                    sending.xadd(STREAM, {TEXT: text}, maxlen=MOST_KEPT)
                async with asyncio.timeout(ANSWER_SECONDS):
                    await sending.execute()
                for text in texts:
                    if self._unsent and self._unsent[0] is text:  # else it was one too many meanwhile
                        self._unsent.popleft()
        finally:
            self._sends = False

    async def _keep_receiving(self) -> None:
        lost = False
        while True:
            try:
                async with _patient(self._redis) as reader:
                    await self._find_place(reader)
                    if lost:
                        log.info("the live stream is open again")
                    lost = False
                    while True:
                        await self._send()
                        await self._receive(reader)
            except Exception as cause:  # noqa: BLE001 - whatever was met there, nobody else would begin again
                if not lost:  # once an outage, not once a second
                    log.warning("the live stream was lost; it is opened again", cause=type(cause).__name__)
                lost = True
                await asyncio.sleep(1)

    async def _find_place(self, reader: Redis) -> None:
        """Begin at the end of the stream, or go on from our last place; a stream that ends before it is a new one."""
        newest: Any = await reader.xrevrange(STREAM, count=1)
        end = newest[0][0].decode() if newest else START
        if self._read_up_to is None:
            self._read_up_to = end
        elif _place(end) < _place(self._read_up_to):
            self._read_up_to = START

    async def _receive(self, reader: Redis) -> None:
        """Wait a while for messages of other processes, and deliver what arrives."""
        place = self._read_up_to or START
        arrived: Any = await reader.xread({STREAM: place}, block=int(QUIET_SECONDS * 1_000))
        for _, entries in arrived or ():
            for number, fields in entries:
                self._read_up_to = number.decode()
                try:
                    sender, count, pattern, message = _DECODER.decode(fields.get(TEXT, b""))
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    log.warning("a live message could not be read")
                    continue
                # A message of which Redis did not say that it took it is sent again.
                if sender != self._me and count > self._heard.get(sender, 0):
                    self._heard[sender] = count
                    self._hand_over(pattern, message)


def _patient(redis: Redis) -> Redis:
    """Open a connection of its own that waits as long as a quiet stream may take, and fails at once when it is lost."""
    pool = redis.connection_pool
    patience = {"socket_timeout": QUIET_SECONDS + ANSWER_SECONDS, "retry": Retry(NoBackoff(), 0), "retry_on_error": []}
    return Redis.from_pool(ConnectionPool(pool.connection_class, **(pool.connection_kwargs | patience)))


def _place(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("-"))
