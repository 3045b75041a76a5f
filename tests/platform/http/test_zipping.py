"""Archives are written while they are sent."""

import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from anyio import CapacityLimiter

from lc_workflow.platform.http.zipping import Entry, distinct, zipped
from lc_workflow.platform.storage.base import Chunks
from tests.moments import NOON

PIECE = bytes(256 * 1024)


def chunks(count: int) -> Chunks:
    """The bytes of a large file, as a store gives them."""
    left = iter([PIECE] * count)
    return Chunks(lambda: next(left, b""), lambda: None, CapacityLimiter(1))


async def entries(*counts: int) -> AsyncIterator[Entry]:
    yield Entry(name="dossier.json", at=NOON, size=2, content=b"{}")
    for number, count in enumerate(counts):
        yield Entry(name=f"ឯកសារ/{number}.bin", at=NOON, size=count * len(PIECE), chunks=chunks(count))


async def test_an_archive_of_a_hundred_megabytes_takes_two_of_memory() -> None:
    tracemalloc.start()
    try:
        sent = 0
        async for piece in zipped(entries(200, 200)):
            sent += len(piece)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent > 400 * len(PIECE)
    assert most < 2_000_000


async def test_names_in_khmer_and_bytes_are_what_they_were() -> None:
    written = io.BytesIO(b"".join([piece async for piece in zipped(entries(3))]))
    with zipfile.ZipFile(written) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["dossier.json", "ឯកសារ/0.bin"]
        assert archive.read("ឯកសារ/0.bin") == PIECE * 3


async def test_what_is_older_than_the_format_is_in_the_archive_as_well() -> None:
    async def old() -> AsyncIterator[Entry]:
        yield Entry(name="old.txt", at=datetime.fromtimestamp(0, UTC), size=2, content=b"{}")

    written = io.BytesIO(b"".join([piece async for piece in zipped(old())]))
    with zipfile.ZipFile(written) as archive:
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_no_two_files_have_one_name() -> None:
    names = ["a/x.pdf", "a/X.pdf", "a/x (2).pdf", "b/x.pdf", "a/none", "a/none"]
    assert list(distinct(iter(names))) == [
        "a/x.pdf",
        "a/X (2).pdf",
        "a/x (2) (2).pdf",
        "b/x.pdf",
        "a/none",
        "a/none (2)",
    ]
