"""Answers travel small."""

import gzip
import json

import brotli  # type: ignore[import-untyped]  # the library brings no types
import pytest
from httpx import AsyncClient
from litestar.handlers import get

from lc_workflow.platform.http.compression import UNCOMPRESSED, compression
from tests.platform.http.conftest import WEB_APP, Serve


@get("/long")
async def long() -> list[str]:
    return ["the same words"] * 1_000


@get("/short")
async def short() -> list[str]:
    return ["few words"]


@get("/photo", opt={UNCOMPRESSED: True}, media_type="image/jpeg")
async def photo() -> bytes:
    return b"x" * 5_000


@pytest.fixture
async def client(serve: Serve) -> AsyncClient:
    return await serve(long, short, photo, compression_config=compression())


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br", "br"),
        ("identity", None),
        ("zstd", None),
        ("gzip;q=0", None),
        ("br; Q=0.000, gzip;q=0.5", "gzip"),
        ("gzip;q=0, br;q=0.01", "br"),
        ("gzip;q=0.0,br;q=0", None),
    ],
)
async def test_a_long_answer_is_compressed_as_the_client_likes(
    client: AsyncClient, accepted: str, used: str | None
) -> None:
    async with client.stream("GET", "/long", headers={"Accept-Encoding": accepted, "Origin": WEB_APP}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == used
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[used]
    assert len(json.loads(unpack(body))) == 1_000
    assert "Origin" in answer.headers["vary"]
    assert used is None or ("Accept-Encoding" in answer.headers["vary"] and len(body) < 500)


@pytest.mark.parametrize("path", ["/short", "/photo"])
async def test_short_answers_and_photos_stay_as_they_are(client: AsyncClient, path: str) -> None:
    assert "content-encoding" not in (await client.get(path, headers={"Accept-Encoding": "br, gzip"})).headers
