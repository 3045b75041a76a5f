"""The S3 store when something is wrong: keys, addresses, silence."""

import dataclasses
import io
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.storage.minio import MinioStore
from lc_workflow.platform.variables import BadSetting
from tests.moments import PATIENCE
from tests.servers.ports import free_port
from tests.servers.s3 import S3Server

SOON = 15.0
"""Seconds; with the limits the SDK has by itself each of these would take longer, on the quickest machine."""


@pytest.fixture
def nobody_listens(bucket_settings: ObjectStoreSettings) -> ObjectStoreSettings:
    return dataclasses.replace(bucket_settings, endpoint=f"127.0.0.1:{free_port()}", secure=False)


@pytest.mark.parametrize("wrong", [{"secret_key": "not the secret"}, {"access_key": "not:known"}])
async def test_wrong_credentials_stop_the_start_without_being_told(
    bucket_settings: ObjectStoreSettings, wrong: dict[str, Any]
) -> None:
    store = MinioStore(dataclasses.replace(bucket_settings, **wrong))
    with pytest.raises(Unavailable, match="MINIO_ACCESS_KEY, MINIO_SECRET_KEY") as refusal:
        await store.prepare()
    for private in (*wrong.values(), bucket_settings.secret_key, bucket_settings.access_key, bucket_settings.endpoint):
        assert private not in refusal.value.detail


async def test_with_wrong_credentials_nothing_can_be_done(bucket_settings: ObjectStoreSettings) -> None:
    store = MinioStore(dataclasses.replace(bucket_settings, secret_key="not the secret"))
    for attempt in (
        store.ping(),
        store.size_of("one"),
        store.get("one"),
        store.remove("one"),
        store.put("one", io.BytesIO(b"x"), size=1, content_type="text/plain"),
    ):
        with pytest.raises(Unavailable):
            await attempt


async def test_a_store_that_is_down_is_told_soon(nobody_listens: ObjectStoreSettings) -> None:
    store = MinioStore(nobody_listens)
    begin = time.monotonic()
    with pytest.raises(Unavailable, match="MINIO_ENDPOINT"):
        await store.prepare()
    for attempt in (store.ping(), store.get("one"), store.put("one", io.BytesIO(b"x"), size=1, content_type="a/b")):
        with pytest.raises(Unavailable) as refusal:
            await attempt
        assert refusal.value.retry_after
    assert time.monotonic() - begin < SOON


async def test_a_store_that_says_nothing_is_given_up(bucket_settings: ObjectStoreSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = dataclasses.replace(bucket_settings, endpoint=f"127.0.0.1:{silent.getsockname()[1]}", secure=False)
        store = MinioStore(settings, answer_within=0.3)
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            await store.size_of("one")
        assert time.monotonic() - begin < SOON


async def test_who_stops_waiting_for_a_ping_is_free_at_once(bucket_settings: ObjectStoreSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = dataclasses.replace(bucket_settings, endpoint=f"127.0.0.1:{silent.getsockname()[1]}", secure=False)
        store = MinioStore(settings, answer_within=PATIENCE)
        begin = time.monotonic()
        with anyio.move_on_after(0.2) as patience:
            await store.ping()
        assert patience.cancelled_caught
        assert time.monotonic() - begin < PATIENCE / 2


@asynccontextmanager
async def answering(settings: ObjectStoreSettings, answer: bytes) -> AsyncIterator[MinioStore]:
    """A store at an address that says the same to whatever it is asked, and hangs up."""

    async def say_it(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(answer)

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as serving,
    ):
        serving.start_soon(listener.serve, say_it)
        port = listener.extra(SocketAttribute.local_port)
        yield MinioStore(dataclasses.replace(settings, endpoint=f"127.0.0.1:{port}", secure=False))
        serving.cancel_scope.cancel()


async def test_an_address_where_a_web_page_answers_stops_the_start(bucket_settings: ObjectStoreSettings) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html>Welcome"
    async with answering(bucket_settings, page) as store:
        with pytest.raises(Unavailable, match="does not answer as an S3 store"):
            await store.prepare()


async def test_a_download_the_store_breaks_off_is_no_complete_file(bucket_settings: ObjectStoreSettings) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n" + b"x" * 300_000
    async with answering(bucket_settings, half) as store:
        chunks = await store.get("one")
        with pytest.raises(Unavailable):
            [piece async for piece in chunks]


async def test_a_store_without_our_bucket_does_not_answer_the_ping(bucket_settings: ObjectStoreSettings) -> None:
    store = MinioStore(dataclasses.replace(bucket_settings, bucket="nobody-made-this-one"))
    with pytest.raises(Unavailable):
        await store.ping()
    with pytest.raises(Unavailable):
        await store.put("one", io.BytesIO(b"x"), size=1, content_type="a/b")


async def test_two_instances_may_make_the_bucket_at_the_same_moment(s3: S3Server) -> None:
    with s3.bucket() as settings:
        async with anyio.create_task_group() as together:
            for _ in range(5):
                together.start_soon(MinioStore(settings).prepare)
        await MinioStore(settings).ping()


async def test_links_lead_to_the_public_address_when_there_is_one(bucket_settings: ObjectStoreSettings) -> None:
    settings = dataclasses.replace(bucket_settings, public_endpoint="files.example", public_secure=True)
    link = await MinioStore(settings).link(
        "one", filename="a.pdf", content_type="application/pdf", lifetime=timedelta(minutes=1), base_url="ignored"
    )
    assert link.startswith(f"https://files.example/{bucket_settings.bucket}/one?")


@pytest.mark.parametrize("wrong", [{"endpoint": "host/with/path"}, {"region": "no region!"}])
def test_an_address_that_cannot_be_used_is_a_bad_setting(
    bucket_settings: ObjectStoreSettings, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadSetting, match="MINIO_ENDPOINT"):
        MinioStore(dataclasses.replace(bucket_settings, **wrong))
