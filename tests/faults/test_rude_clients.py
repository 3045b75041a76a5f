"""Clients that never come to an end, that say too much, or that are still speaking when the server is told to end."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from httpx import AsyncClient, HTTPError

from lc_workflow.platform.config import Settings
from lc_workflow.platform.workbench import serving
from tests.journey.town import Town, sign_in
from tests.lending.steps import URL, WISH
from tests.moments import PATIENCE
from tests.servers.installation import variables_of

HEADS_WITHIN = 1.5
"""Seconds that this server waits for the head of a request; 30 where nobody says otherwise."""


@pytest.fixture
def served(town: Town, tmp_path: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    environ = variables_of(
        town.database, tmp_path, GRANIAN_HTTP1_HEADER_READ_TIMEOUT=str(round(HEADS_WITHIN * 1_000)), LOG_LEVEL="ERROR"
    )
    settings = Settings.from_environ(environ)
    with serving(settings, environ) as process:
        yield settings.port, process


async def test_nobody_keeps_the_server_from_others_and_what_was_begun_is_finished(
    served: tuple[int, "subprocess.Popen[bytes]"],
) -> None:
    port, process = served
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        officer = await sign_in(client, "officer")
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
        for _, writer in slow:
            writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: here\r\nX-Never: ")
        assert (await client.get(URL, headers=officer)).status_code == 200
        async with asyncio.timeout(PATIENCE):
            for reader, writer in slow:
                with suppress(ConnectionError):
                    await reader.read()  # to its end: the server hangs up
                writer.close()

        for head in ({"X-Long": "x" * 2_000_000}, {f"X-{number}": "x" for number in range(2_000)}):
            with suppress(HTTPError):  # it may hang up in the middle
                assert (await client.get(URL, headers=head)).status_code in {400, 431}
        assert (await client.get(URL, headers=officer)).status_code == 200

        told_to_end = asyncio.Event()

        async def wish() -> AsyncIterator[bytes]:
            yield b"{"
            await told_to_end.wait()
            await asyncio.sleep(0.3)
            yield json.dumps(WISH).encode()[1:]

        drafting = asyncio.create_task(
            client.post(URL, content=wish(), headers=officer | {"Content-Type": "application/json"})
        )
        stalled, writer = await asyncio.open_connection("127.0.0.1", port)
        head = {"Host": "here", "Content-Type": "application/json", "Content-Length": "9", **officer}
        lines = [f"POST {URL} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", "{"]
        writer.write("\r\n".join(lines).encode())
        await asyncio.sleep(0.3)
        assert (await client.get(URL, headers=officer)).status_code == 200  # so those before have reached the server
        process.send_signal(signal.SIGTERM)
        told_to_end.set()
        assert (await drafting).status_code == 201
        broken_off = await stalled.read()  # the server by itself would wait for it for ever
        writer.close()
        assert broken_off.startswith(b"HTTP/1.1 503")
        assert b'"code":"Restarting"' in broken_off
        assert b"retry-after: 5" in broken_off
    assert await asyncio.to_thread(process.wait, PATIENCE) == 0
