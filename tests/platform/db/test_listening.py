"""The connection that listens comes back, whatever has answered in the database's place meanwhile."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs

from lc_workflow.platform.db import listening
from lc_workflow.platform.db.listening import Ear, Listening
from tests.moments import PATIENCE

NEITHER = [
    b"R\x00\x00\x00\x04",  # asks for a password, and does not say how
    b"R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I",  # lets in, and does not say what it is
    b"R\x00\x00\x00\x08\x00\x00\x00\x00S\x00\x00\x00\x17server_version\x00\xff\xff\xff\x00Z\x00\x00\x00\x05I",
]


@pytest.mark.parametrize("answer", NEITHER, ids=range(len(NEITHER)))
async def test_what_is_no_database_is_left_for_the_database(template: URL, answer: bytes) -> None:
    """A proxy that begins anew, or another server at the address for a moment."""
    heard, met = asyncio.Event(), 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        if met > 1:
            await lead(reader, writer, template)
            return
        await reader.read(1_000)  # whether it may be encrypted
        writer.write(b"N")
        await reader.read(1_000)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as proxy:
        there = template.set(host="127.0.0.1", port=proxy.sockets[0].getsockname()[1])
        engine = create_async_engine(there, poolclass=NullPool)
        async with Listening({"journal": Ear(heard.set)}).running(engine), asyncio.timeout(PATIENCE):
            await heard.wait()
    assert met == 2


async def test_that_the_channels_are_lost_is_said_once_an_outage(
    server: URL, template: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, tries, engine = asyncio.Event(), 0, create_async_engine(server.set(port=1), poolclass=NullPool)

    async def rest(*_: object) -> None:
        nonlocal tries, engine
        tries += 1
        if tries == 5:
            listening.at_most = at_most
            engine.url = template  # the database is back
        await asyncio.sleep(0)

    at_most = listening.at_most
    monkeypatch.setattr(listening, "at_most", rest)
    with capture_logs() as logged:
        async with Listening({"journal": Ear(heard.set)}).running(engine), asyncio.timeout(PATIENCE):
            await heard.wait()
    assert [line["event"] for line in logged] == [
        "the database's channels were lost; they are opened again",
        "the database's channels are open again",
    ]


async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: URL) -> None:
    """Carry what is said to a database and back."""
    there = await asyncio.open_connection(to.host, to.port)

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await source.read(65_536):
                target.write(said)
        target.close()

    await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))
