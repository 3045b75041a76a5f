"""What every store promises, asked of each."""

import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import anyio
import httpx
import pytest

from lc_workflow.kernel.errors import Forbidden, Missing
from lc_workflow.platform.storage.base import BadKey, ObjectStore
from lc_workflow.platform.storage.disposition import content_disposition
from lc_workflow.platform.storage.local import LocalStore

PDF = "application/pdf"
KHMER_NAME = 'ប័ណ្ណសម្គាល់ខ្លួន "copy".pdf'
BASE_URL = "http://api.example/"


@dataclass(frozen=True)
class Answer:
    """What somebody gets who opens a link without being signed in."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def follow(store: ObjectStore, url: str) -> Answer:
    """Open a link: over HTTP where the store serves it, as the documents feature will where we do."""
    if not isinstance(store, LocalStore):
        async with httpx.AsyncClient() as stranger:
            answer = await stranger.get(url)
        return Answer(answer.status_code, answer.headers, answer.content)
    start, token = url.rsplit("/", 1)
    assert start == "http://api.example/api/v1/files/content"
    try:
        download = await store.read_link(token)
    except Forbidden:
        return Answer(403, {}, b"")
    except Missing:
        return Answer(404, {}, b"")
    headers = {
        "content-disposition": content_disposition(download.filename, inline=download.inline),
        "content-type": download.content_type,
        "content-length": str(download.size),
    }
    return Answer(200, headers, await everything(store, download.key))


async def everything(store: ObjectStore, key: str) -> bytes:
    return b"".join([piece async for piece in await store.get(key)])


async def keep(store: ObjectStore, content: bytes, key: str | None = None) -> str:
    key = key or f"files/{uuid4()}"
    await store.put(key, io.BytesIO(content), size=len(content), content_type=PDF)
    return key


async def link_to(store: ObjectStore, key: str, lifetime: timedelta = timedelta(minutes=1), **more: bool) -> str:
    return await store.link(key, filename=KHMER_NAME, content_type=PDF, lifetime=lifetime, base_url=BASE_URL, **more)


@pytest.mark.parametrize("size", [0, 1, 5_000_000, 5 * 1024 * 1024 + 1])
async def test_what_is_kept_comes_back_byte_for_byte(store: ObjectStore, size: int) -> None:
    content = os.urandom(size)
    key = await keep(store, content)
    assert await store.size_of(key) == size
    assert await everything(store, key) == content


async def test_an_upload_that_was_spooled_to_the_disk_is_kept(store: ObjectStore) -> None:
    content = os.urandom(300_000)
    with tempfile.SpooledTemporaryFile(max_size=1000) as upload:
        upload.write(content)
        upload.seek(0)
        await store.put(key := str(uuid4()), upload, size=len(content), content_type=PDF)
    assert await everything(store, key) == content


async def test_a_large_file_is_read_in_small_pieces(store: ObjectStore) -> None:
    key = await keep(store, os.urandom(1_000_000))
    assert max([len(piece) async for piece in await store.get(key)]) <= 256 * 1024


async def test_a_download_may_stop_before_its_end(store: ObjectStore) -> None:
    key = await keep(store, os.urandom(1_000_000))
    chunks = await store.get(key)
    assert await anext(chunks)
    await chunks.aclose()
    assert len(await everything(store, key)) == 1_000_000


async def test_keeping_again_under_the_same_key_replaces(store: ObjectStore) -> None:
    key = await keep(store, b"first version")
    await keep(store, b"second", key)
    assert await everything(store, key) == b"second"


@pytest.mark.parametrize("announced", [4, 6])
async def test_a_file_of_another_size_than_announced_is_not_kept(store: ObjectStore, announced: int) -> None:
    key = await keep(store, b"before")
    with pytest.raises(ValueError, match="5 bytes"):
        await store.put(key, io.BytesIO(b"after"), size=announced, content_type=PDF)
    assert await everything(store, key) == b"before"


async def test_many_uploads_at_once_are_all_kept(store: ObjectStore) -> None:
    contents = {str(uuid4()): os.urandom(10_000) for _ in range(30)}
    async with anyio.create_task_group() as together:
        for key, content in contents.items():
            together.start_soon(keep, store, content, key)
    for key, content in contents.items():
        assert await everything(store, key) == content


async def test_what_was_never_kept_is_missing(store: ObjectStore) -> None:
    key = str(uuid4())
    assert await store.size_of(key) is None
    with pytest.raises(Missing):
        await store.get(key)


async def test_what_is_removed_is_gone_and_removing_it_again_is_fine(store: ObjectStore) -> None:
    key = await keep(store, b"content")
    await store.remove(key)
    await store.remove(key)
    assert await store.size_of(key) is None
    with pytest.raises(Missing):
        await store.get(key)
    assert (await follow(store, await link_to(store, key))).status == 404


async def test_a_link_works_for_a_stranger_and_carries_the_khmer_name(store: ObjectStore) -> None:
    key = await keep(store, b"%PDF-1.7 content")
    answer = await follow(store, await link_to(store, key))
    assert (answer.status, answer.body) == (200, b"%PDF-1.7 content")
    assert answer.headers["content-disposition"] == content_disposition(KHMER_NAME)
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-type"] == PDF
    assert answer.headers["content-length"] == "16"


async def test_a_link_can_ask_the_browser_to_show_the_file(store: ObjectStore) -> None:
    key = await keep(store, b"content")
    answer = await follow(store, await link_to(store, key, inline=True))
    assert answer.headers["content-disposition"] == content_disposition(KHMER_NAME, inline=True)


async def test_a_link_ends(store: ObjectStore) -> None:
    key = await keep(store, b"content")
    link = await link_to(store, key, lifetime=timedelta(seconds=1))
    await anyio.sleep(1.05 if isinstance(store, LocalStore) else 2.05)  # an S3 store counts whole seconds
    answer = await follow(store, link)
    assert answer.status == 403
    assert b"content" not in answer.body


async def test_a_link_that_was_changed_is_refused(store: ObjectStore) -> None:
    mine, yours = await keep(store, b"mine"), await keep(store, b"yours")
    link, other = await link_to(store, mine), await link_to(store, yours)
    signature_mark = "X-Amz-Signature=" if "X-Amz-Signature=" in link else "."
    cut, other_cut = link.rindex(signature_mark), other.rindex(signature_mark)
    swapped = link[:cut] + other[other_cut:]
    flipped = link[:-2] + ("0" if link[-2] != "0" else "1") + link[-1]
    unsigned = link[:cut]
    for changed in (swapped, flipped, unsigned):
        assert (await follow(store, changed)).status == 403


@pytest.mark.parametrize(
    "key",
    [
        *("", "/etc/passwd", "../secret", "a/../../b", "a//b", "a/", ".incoming/x", "a/.b", "a\\b", "a\x00b", "a\n"),
        *("%2e%2e/b", "Sok Dara.pdf", "សុខ", "a" * 201),
    ],
)
async def test_a_key_that_could_lead_elsewhere_or_name_a_person_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(BadKey):
        await store.put(key, io.BytesIO(b"x"), size=1, content_type=PDF)
    with pytest.raises(BadKey):
        await store.get(key)
    with pytest.raises(BadKey):
        await link_to(store, key)
    with pytest.raises(BadKey):
        await store.remove(key)
    with pytest.raises(BadKey):
        await store.size_of(key)


async def test_a_store_that_works_answers_the_ping_and_may_be_prepared_again(store: ObjectStore) -> None:
    await store.ping()
    await store.prepare()
    await store.ping()
