"""Asking a virus scanner: clamd, over TCP, with its INSTREAM command."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Final, Protocol

import anyio.to_thread

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.platform.storage.base import ASK_AGAIN

PIECE: Final = 128 * 1024
PONG: Final = b"PONG\0"
CONNECT_WITHIN: Final = 3.0
ANSWER_WITHIN: Final = 60.0
"""Seconds that scanning one file may take."""


class Scanner(Protocol):
    """Looks for viruses in uploads."""

    async def virus_in(self, source: IO[bytes]) -> str | None:
        """Name the virus in a file, or None; leaves `source` at its start.

        Raises:
            Unavailable: It cannot be asked, and nothing unseen is taken.
        """


class NoScanner:
    """For installations without a scanner: people who open a file have their own."""

    async def virus_in(self, source: IO[bytes]) -> str | None:  # noqa: ARG002 - it is not looked at
        """See `Scanner.virus_in`."""
        return None


class Clamd:
    """Clamd at an address; see its manual, clamd(8), under INSTREAM."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def ping(self) -> None:
        """Make sure that it answers.

        Raises:
            OSError: It does not.
        """
        async with asyncio.timeout(CONNECT_WITHIN), self._connected() as (answers, asks):
            asks.write(b"zPING\0")
            if await answers.read(len(PONG)) != PONG:
                raise ConnectionError

    async def virus_in(self, source: IO[bytes]) -> str | None:
        """Send the file in pieces; see `Scanner.virus_in`."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN), self._connected() as (answers, asks):
                asks.write(b"zINSTREAM\0")
                source.seek(0)
                while piece := await anyio.to_thread.run_sync(source.read, PIECE):
                    asks.write(struct.pack(">I", len(piece)) + piece)
                    await asks.drain()
                asks.write(struct.pack(">I", 0))
                await asks.drain()
                said = (await answers.readuntil(b"\0")).rstrip(b"\0").decode(errors="replace")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as trouble:
            raise _no_answer() from trouble
        finally:
            source.seek(0)
        if said.endswith("FOUND"):
            return said.removeprefix("stream:").removesuffix("FOUND").strip()
        if said != "stream: OK":
            raise _no_answer()  # such as: INSTREAM size limit exceeded
        return None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with asyncio.timeout(CONNECT_WITHIN):
            answers, asks = await asyncio.open_connection(self._host, self._port)
        try:
            yield answers, asks
        finally:
            asks.close()


def scanner_at(address: str | None) -> Scanner:
    """The scanner at `host:port`, or none."""
    return NoScanner() if address is None else clamd_at(address)


def clamd_at(address: str) -> Clamd:
    """The scanner at `host:port`."""
    host, _, port = address.rpartition(":")
    return Clamd(host.strip("[]"), int(port))


def _no_answer() -> Unavailable:
    return Unavailable(
        "Files cannot be looked through for viruses right now; try again in a moment.", retry_after=ASK_AGAIN
    )
