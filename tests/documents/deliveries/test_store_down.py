"""A real S3 server: what it is brought wrongly is not taken, and when it goes down nothing is half done."""

import dataclasses
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import anyio
import httpx
import pytest
from httpx import AsyncClient, Response

from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.storage.minio import MinioStore
from tests.conftest import Person
from tests.documents.hostile.made import PAPER, PHOTO
from tests.documents.library.conftest import FILES, OpenOwnHouse, own_house, s3, send
from tests.faults.wire import Break, wire_to

__all__ = ["own_house", "s3"]

HALF = b"here it breaks"
LARGE = b"%PDF-1.7\n" + bytes(300_000) + HALF + bytes(300_000)


async def announce(client: AsyncClient, person: Person, content: bytes, **changes: Any) -> Response:
    wish = {
        "file_id": str(uuid4()),
        "filename": "title.pdf",
        "content_type": "application/pdf",
        "file_size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **changes,
    }
    return await client.post(f"{FILES}/upload-url", json=wish, headers=person.headers)


async def finalize(client: AsyncClient, person: Person, link: Response) -> Response:
    return await client.post(f"{FILES}/finalize", json={"file_id": link.json()["file_id"]}, headers=person.headers)


async def kept(settings: ObjectStoreSettings) -> set[str]:
    return {found.key async for found in MinioStore(settings).walk()}


@pytest.mark.parametrize(
    ("brought", "changes", "code"),
    [
        (PHOTO, {"file_size": len(PHOTO), "sha256": None, "content_type": "image/png"}, None),
        (b"MZ" + PAPER[2:], {"sha256": None}, "TypeNotAllowed"),
        (PAPER[:-1] + b"!", {}, "WrongContent"),
        (PAPER[:-1], {}, "WrongSize"),
        (None, {}, "NothingArrived"),
    ],
)
async def test_what_an_s3_server_was_brought_is_judged_when_it_is_taken_in(
    own_house: OpenOwnHouse, s3: ObjectStoreSettings, brought: bytes | None, changes: dict[str, Any], code: str | None
) -> None:
    async with own_house(object_store=s3) as house, httpx.AsyncClient() as phone:
        link = await announce(house.client, house.officer, PAPER, **changes)
        if brought is not None:
            put = await phone.put(link.json()["upload_url"], content=brought, headers={"Content-Type": "text/html"})
            assert put.status_code == 200
        answer = await finalize(house.client, house.officer, link)
        if code is None:
            assert answer.json()["mime_type"] == "image/jpeg", "what it holds counts, not what anybody says"
            shown = await phone.get(answer.json()["url"])
            assert shown.headers["content-type"] == "image/jpeg"
        else:
            assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_link_for_an_upload_ends_and_an_upload_that_breaks_off_is_none(
    own_house: OpenOwnHouse, s3: ObjectStoreSettings
) -> None:
    async with own_house(object_store=s3) as house, httpx.AsyncClient() as phone:
        store = MinioStore(s3)
        link = await store.upload_link(
            key := f"incoming/{uuid4()}", most_bytes=9, lifetime=timedelta(seconds=1), base_url=""
        )
        announced = await announce(house.client, house.officer, LARGE)
        gone = anyio.Event()

        async def half() -> AsyncIterator[bytes]:
            yield LARGE[:1000]
            gone.set()
            await anyio.sleep(5)

        async with anyio.create_task_group() as together:
            headers = {"Content-Length": str(len(LARGE))}
            url = announced.json()["upload_url"]
            together.start_soon(lambda: phone.put(url, content=half(), headers=headers))
            await gone.wait()
            together.cancel_scope.cancel()
        nothing = await finalize(house.client, house.officer, announced)
        assert (nothing.status_code, nothing.json()["code"]) == (422, "NothingArrived")
        await anyio.sleep(2.05)  # an S3 store counts whole seconds
        assert (await phone.put(link, content=b"late")).status_code == 403
        assert await store.size_of(key) is None


async def test_a_store_that_goes_down_in_the_middle_leaves_nothing_half_done_and_the_rest_goes_on(
    own_house: OpenOwnHouse, s3: ObjectStoreSettings
) -> None:
    async with wire_to(int(s3.endpoint.rpartition(":")[2])) as wire:
        far = dataclasses.replace(s3, endpoint=f"127.0.0.1:{wire.port}")
        async with own_house(object_store=far) as house, httpx.AsyncClient() as phone:
            first = await send(house.client, house.officer, PAPER, "title.pdf")
            link = await announce(house.client, house.officer, PAPER)
            await phone.put(link.json()["upload_url"], content=PAPER)
            before = await kept(s3)

            wire.breaks = Break(HALF, 1, arrives=False, lasts=True)  # what is sent again breaks there too
            answers = [await send(house.client, house.officer, LARGE, "large.pdf")]
            await wire.cut()
            wire.breaks = None
            answers.append(await send(house.client, house.officer, PAPER, "title.pdf"))
            answers.append(await finalize(house.client, house.officer, link))
            for answer in answers:
                assert (answer.status_code, answer.json()["code"]) == (503, "Unavailable")
                assert int(answer.headers["Retry-After"]) > 0
            assert await kept(s3) == before, "nothing is half written"
            for path in (FILES, "/api/v1/applications", f"{FILES}/{first.json()['id']}", "/api/v1/health/live"):
                assert (await house.client.get(path, headers=house.officer.headers)).status_code == 200
            assert (await house.client.get(FILES, headers=house.officer.headers)).json()["total"] == 1

            await wire.mend()
            assert (await send(house.client, house.officer, LARGE, "large.pdf")).status_code == 201
            assert (await finalize(house.client, house.officer, link)).status_code == 201
            assert len(await kept(s3)) == len(before) + 1, "what was brought is filed, and no longer waits"
