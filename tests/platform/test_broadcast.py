"""Live messages between processes, through a real Valkey and a line that can be cut."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from time import monotonic
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import make_url
from structlog.testing import capture_logs

from lc_workflow.platform import broadcast as broadcast_module
from lc_workflow.platform.broadcast import STREAM, TEXT, Broadcast, LocalBroadcast, RedisBroadcast
from lc_workflow.platform.stores import ANSWER_SECONDS, open_redis
from tests.moments import PATIENCE


class Inbox:
    """What one process received."""

    def __init__(self, broadcast: Broadcast) -> None:
        self.messages: list[tuple[str, Mapping[str, Any]]] = []
        self._changed = asyncio.Event()
        broadcast.receive_with(self._take)

    def _take(self, pattern: str, message: Mapping[str, Any]) -> None:
        self.messages.append((pattern, message))
        self._changed.set()

    async def wait_for(self, text: str, *, seconds: float = PATIENCE) -> None:
        async with asyncio.timeout(seconds):
            while text not in self.texts:
                self._changed.clear()
                await self._changed.wait()

    @property
    def texts(self) -> list[str]:
        return [message["text"] for _, message in self.messages]


class Line:
    """A line to Valkey that the test can cut, refuse, or let go silent."""

    def __init__(self, redis_url: str) -> None:
        self._there = make_url(redis_url)
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._speaking = [_set_event()]
        self.refuses = False
        self.url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._there.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for speaking in self._speaking:
            speaking.set()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        for end in list(self._ends):
            end.close()

    def fall_silent(self) -> None:
        """Carry nothing more on the connections there are; new ones work."""
        self._speaking[-1].clear()
        self._speaking.append(_set_event())

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_connection(self._there.host, self._there.port)
        self._ends |= {writer, there_writer}
        for source, target in ((reader, there_writer), (there_reader, writer)):
            self._tasks.add(asyncio.create_task(self._carry(source, target, self._speaking[-1])))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, speaking: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await speaking.wait()
                target.write(data)
                await target.drain()
        target.close()
        self._ends.discard(target)


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@pytest.fixture
async def line(redis_url: str) -> AsyncIterator[Line]:
    line = Line(redis_url)
    await line.start()
    yield line
    await line.stop()


Process = Callable[[str], Any]


@pytest.fixture
async def process() -> AsyncIterator[Process]:
    """Open the broadcast of one more process, already listening."""
    async with AsyncExitStack() as stack:

        async def process(url: str) -> tuple[RedisBroadcast, Inbox]:
            redis = open_redis(url)
            assert redis is not None
            stack.push_async_callback(redis.aclose)
            broadcast = RedisBroadcast(redis)
            inbox = Inbox(broadcast)
            before = await listeners(redis)
            await stack.enter_async_context(broadcast.running())
            async with asyncio.timeout(PATIENCE):
                while await listeners(redis) == before:  # noqa: ASYNC110 - nothing tells us
                    await asyncio.sleep(0.01)
            return broadcast, inbox

        yield process


async def listeners(redis: Redis) -> int:
    return int((await redis.info("clients"))["blocked_clients"])


async def until_heard(sender: Broadcast, inbox: Inbox, text: str) -> None:
    """Say something until it arrives."""
    async with asyncio.timeout(PATIENCE):
        while text not in inbox.texts:
            await sender.publish("general", {"text": text})
            with suppress(TimeoutError):
                await inbox.wait_for(text, seconds=0.2)


async def test_within_one_process_a_message_is_handed_over_at_once() -> None:
    broadcast = LocalBroadcast()
    inbox = Inbox(broadcast)
    async with broadcast.running():
        await broadcast.publish("user:1", {"text": "ជំរាបសួរ"})
    assert inbox.messages == [("user:1", {"text": "ជំរាបសួរ"})]


def stumble(pattern: str, message: Mapping[str, Any]) -> None:
    raise ValueError(pattern, message)


async def test_one_receiver_that_stumbles_keeps_nothing_from_the_others() -> None:
    broadcast = LocalBroadcast()
    broadcast.receive_with(stumble)
    inbox = Inbox(broadcast)
    await broadcast.publish("general", {"text": "A"})
    assert inbox.texts == ["A"]


async def test_two_processes_hear_each_other_and_themselves(redis_url: str, process: Process) -> None:
    here, my_inbox = await process(redis_url)
    there, their_inbox = await process(redis_url)
    await here.publish("user:1", {"text": "ពីទីនេះ"})
    await there.publish("general", {"text": "there"})
    for inbox in (my_inbox, their_inbox):
        await inbox.wait_for("ពីទីនេះ")
        await inbox.wait_for("there")
        assert sorted(inbox.messages, key=lambda said: said[0]) == [
            ("general", {"text": "there"}),
            ("user:1", {"text": "ពីទីនេះ"}),
        ]


async def test_a_quiet_channel_stays_open_longer_than_redis_may_take_to_answer(
    line: Line, redis_url: str, process: Process
) -> None:
    _, inbox = await process(line.url)
    other, _ = await process(redis_url)
    line.refuses = True  # a second subscription could not be opened
    await asyncio.sleep(ANSWER_SECONDS + 0.5)
    await other.publish("general", {"text": "after a pause"})
    await inbox.wait_for("after a pause")


async def test_a_cut_line_is_mended(line: Line, redis_url: str, process: Process) -> None:
    _, inbox = await process(line.url)
    other, _ = await process(redis_url)
    line.cut()
    await until_heard(other, inbox, "after the cut")


async def test_a_server_that_was_gone_for_a_while_is_heard_again(line: Line, redis_url: str, process: Process) -> None:
    mine, inbox = await process(line.url)
    other, _ = await process(redis_url)
    line.refuses = True
    with capture_logs() as logged:
        line.cut()
        await mine.publish("general", {"text": "to ourselves"})
        assert "to ourselves" in inbox.texts
        await asyncio.sleep(1.5)
        line.refuses = False
        await until_heard(other, inbox, "back again")
    of_the_stream = [entry["event"] for entry in logged if "live stream" in entry["event"]]
    assert of_the_stream == ["the live stream was lost; it is opened again", "the live stream is open again"]
    await asyncio.sleep(1)
    await until_heard(mine, inbox, "and we are heard")


async def test_what_is_said_while_a_line_is_cut_arrives_once_and_in_order(
    line: Line, redis_url: str, process: Process
) -> None:
    cut_off, inbox = await process(line.url)
    other, their_inbox = await process(redis_url)
    line.refuses = True
    line.cut()
    for number in range(20):
        await other.publish("general", {"text": f"{number}"})
        await cut_off.publish("general", {"text": f"from the cut-off {number}"})
    line.refuses = False
    await inbox.wait_for("19")
    await their_inbox.wait_for("from the cut-off 19")
    assert [text for text in inbox.texts if text.isdigit()] == [str(number) for number in range(20)]
    assert their_inbox.texts[20:] == [f"from the cut-off {number}" for number in range(20)]


async def test_a_redis_that_begins_anew_is_heard_from_its_beginning(redis_url: str, process: Process) -> None:
    mine, inbox = await process(redis_url)
    other, _ = await process(redis_url)
    await other.publish("general", {"text": "before"})
    await inbox.wait_for("before")
    mine._read_up_to = "99999999999999-0"  # what a Redis with a later clock had given
    redis = open_redis(redis_url)
    assert redis is not None
    async with redis:
        await redis.delete(STREAM)
        await other.publish("general", {"text": "after"})
        await redis.client_kill_filter(_type="normal", skipme=True)
    await inbox.wait_for("after")


async def test_a_line_that_carries_nothing_is_noticed(
    line: Line, redis_url: str, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast_module, "QUIET_SECONDS", 0.2)
    _, inbox = await process(line.url)
    other, _ = await process(redis_url)
    await asyncio.sleep(0.5)
    await other.publish("general", {"text": "a live line answers"})
    await inbox.wait_for("a live line answers")
    line.fall_silent()
    await until_heard(other, inbox, "a new line")


async def test_a_hanging_server_does_not_hold_up_many_messages(line: Line, process: Process) -> None:
    mine, inbox = await process(line.url)
    await mine.publish("general", {"text": "first"})
    await inbox.wait_for("first")
    line.fall_silent()
    began = monotonic()
    for number in range(50):
        await mine.publish("general", {"text": f"message {number}"})
    assert monotonic() - began < 20  # one after the other they would take half a minute
    assert inbox.texts[1:] == [f"message {number}" for number in range(50)]


DEEP = b'["me", 1, "general", {"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}]"


async def test_what_strangers_put_into_the_stream_disturbs_nobody(redis_url: str, process: Process) -> None:
    mine, inbox = await process(redis_url)
    redis = open_redis(redis_url)
    assert redis is not None
    async with redis:
        for nonsense in (b"", b"\xff", b"{}", b'["general"]', b'["me", 1, "general", 1]', b'["\xff", 1, "", {}]', DEEP):
            await redis.xadd(STREAM, {TEXT: nonsense})
        await until_heard(RedisBroadcast(redis), inbox, "from elsewhere")
    await mine.publish("general", {"text": "still here"})
    await inbox.wait_for("still here")
    assert inbox.texts == ["from elsewhere", "still here"]


async def test_a_process_ends_although_the_library_loses_that_it_was_told_to(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancellation that comes together with an answer may be lost in redis-py, and the reader went on for ever."""
    reads, xread = asyncio.Event(), Redis.xread
    lost: list[Redis] = []

    async def losing(redis: Redis, *what: Any, **how: Any) -> Any:
        reads.set()
        try:
            return await xread(redis, *what, **how)
        except asyncio.CancelledError:
            if lost:
                raise
            lost.append(redis)

    monkeypatch.setattr(Redis, "xread", losing)
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        redis = open_redis(redis_url)
        assert redis
        stack.push_async_callback(redis.aclose)
        await stack.enter_async_context(RedisBroadcast(redis).running())
        await reads.wait()
    assert lost
