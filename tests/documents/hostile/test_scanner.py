"""With a virus scanner nothing comes in unseen: what carries a virus is refused, and so is all while it is away."""

import asyncio
import hashlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from httpx import AsyncClient, Response

from tests.conftest import Person
from tests.documents.library.conftest import FILES, PDF, OpenOwnHouse, own_house, send
from tests.servers.ports import free_port

__all__ = ["own_house"]

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What all scanners take for a virus, and nothing else does (eicar.org)."""

OTHER = "Win.Test.EICAR_HDB-1"


@asynccontextmanager
async def clamd(seen: list[bytes]) -> AsyncIterator[str]:
    """A server that speaks clamd's INSTREAM and PING and knows one virus; gives its address, and notes what it saw."""

    async def answer(asked: asyncio.StreamReader, says: asyncio.StreamWriter) -> None:
        wish = await asked.readuntil(b"\0")
        if wish == b"zPING\0":
            says.write(b"PONG\0")
            says.close()
            return
        assert wish == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack(">I", await asked.readexactly(4))[0]:
            content += await asked.readexactly(length)
        seen.append(content)
        if len(content) > 1_000_000:
            says.write(b"INSTREAM size limit exceeded. ERROR\0")
        else:
            says.write(f"stream: {f'{OTHER} FOUND' if EICAR in content else 'OK'}\0".encode())
        await says.drain()
        says.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def deliver(client: AsyncClient, person: Person, content: bytes) -> Response:
    wish = {"file_id": str(uuid4()), "filename": "notes.txt", "content_type": "text/plain", "file_size": len(content)}
    wish["sha256"] = hashlib.sha256(content).hexdigest()
    link = (await client.post(f"{FILES}/upload-url", json=wish, headers=person.headers)).json()
    await client.put(link["upload_url"], content=content)
    return await client.post(f"{FILES}/finalize", json={"file_id": wish["file_id"]}, headers=person.headers)


async def test_what_carries_a_virus_is_refused_whichever_way_it_comes(own_house: OpenOwnHouse) -> None:
    seen: list[bytes] = []
    async with clamd(seen) as address, own_house(clamd_address=address) as house:
        for answer in (
            await send(house.client, house.officer, EICAR, "notes.txt"),
            await deliver(house.client, house.officer, EICAR),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "VirusFound")
            assert OTHER in answer.json()["detail"]
        clean = await send(house.client, house.officer, PDF, "title.pdf")
        assert clean.status_code == 201, clean.text
        assert seen == [EICAR, EICAR, PDF]
        large = await send(house.client, house.officer, PDF + bytes(1_000_000), "large.pdf")
        assert (large.status_code, large.json()["code"]) == (503, "Unavailable"), "what was not seen is not taken"


async def test_while_the_scanner_is_away_nothing_is_taken_and_all_else_goes_on(own_house: OpenOwnHouse) -> None:
    async with own_house(clamd_address=f"127.0.0.1:{free_port()}") as house:
        answer = await send(house.client, house.officer, PDF, "title.pdf")
        assert (answer.status_code, answer.json()["code"]) == (503, "Unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert (await house.client.get(FILES, headers=house.officer.headers)).json()["total"] == 0
        assert house.kept() == []
