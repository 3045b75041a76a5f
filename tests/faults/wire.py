"""A wire between the application and its database that can be cut, fall silent, break at a word, and be mended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Break:
    """Where a connection is to break: at the `count`th time the application says `word`, and then on if it `lasts`.

    What was said then `arrives` at the database or is lost; its answer is lost in either case.
    """

    word: bytes
    count: int
    arrives: bool
    lasts: bool = False


@dataclass
class Wire:
    """Forwards what it is sent on `port` of the loopback to `target`, another port there."""

    target: int
    port: int = 0
    breaks: Break | None = None
    _server: asyncio.Server | None = None
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _speaks: asyncio.Event = field(default_factory=asyncio.Event)

    def fall_silent(self) -> None:
        """Forward nothing, and keep the connections: so does a network that swallows packets."""
        self._speaks.clear()

    def speak(self) -> None:
        """Forward again, also what was said meanwhile."""
        self._speaks.set()

    async def mend(self) -> None:
        """Take connections (again)."""
        self.speak()
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection and refuse new ones."""
        assert self._server is not None
        self._server.close()
        for end in self._ends:
            end.transport.abort()
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        self._ends.add(writer)
        with suppress(OSError):
            answers, onward = await asyncio.open_connection("127.0.0.1", self.target)
            back = asyncio.create_task(self._carry_back(answers, writer))
            await self._carry_on(reader, onward, answers, back)
            onward.transport.abort()
            await asyncio.wait([back])
        writer.transport.abort()
        self._ends.discard(writer)

    async def _carry_on(
        self,
        reader: asyncio.StreamReader,
        onward: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        back: asyncio.Task[None],
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(65_536):
                await self._speaks.wait()
                breaks = self._is_to_break(piece)
                if breaks:
                    back.cancel()
                if not breaks or breaks.arrives:
                    onward.write(piece)
                    await onward.drain()
                if breaks:
                    await asyncio.wait([back])
                    if breaks.arrives:
                        await answers.read(1)  # what arrived is done before the database notices
                    return

    async def _carry_back(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await answers.read(65_536):
                await self._speaks.wait()
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()

    def _is_to_break(self, piece: bytes) -> Break | None:
        breaks = self.breaks
        if breaks is None or breaks.word not in piece:
            return None
        if breaks.count > 1:
            breaks.count -= 1
            return None
        if not breaks.lasts:
            self.breaks = None
        return breaks


@asynccontextmanager
async def wire_to(target: int, port: int = 0) -> AsyncIterator[Wire]:
    """Lay a wire that is whole in the beginning, and cut it in the end; from any free port unless one is named."""
    wire = Wire(target, port)
    await wire.mend()
    try:
        yield wire
    finally:
        await wire.cut()
