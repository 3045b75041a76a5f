"""The folder as a store: nothing half-written, links that end, trouble with the disk."""

import io
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from lc_workflow.kernel.errors import Missing, Unavailable
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.storage.local import INCOMING, LocalStore
from lc_workflow.platform.storage.promises import LinkBroken, LinkExpired

SECRET = "a secret of the application, long enough"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

UPLOAD_WITHOUT_END = """
import sys
from pathlib import Path
import anyio
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.storage.local import LocalStore

class Slow:
    sent = False
    def read(self, size):
        if self.sent:
            print("half", flush=True)
            sys.stdin.read()
        self.sent = True
        return b"half of it" * 100_000

async def main():
    store = LocalStore(Path(sys.argv[1]), secret="x" * 32, clock=system_clock)
    await store.prepare()
    await store.put("files/one", Slow(), size=2_000_000, content_type="application/pdf")

anyio.run(main)
"""


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


async def a_store(folder: Path, clock: Hand | None = None, secret: str = SECRET) -> LocalStore:
    store = LocalStore(folder, secret=secret, clock=clock or system_clock)
    await store.prepare()
    return store


async def a_token(store: LocalStore, lifetime: timedelta = timedelta(minutes=5)) -> str:
    await store.put("files/one", io.BytesIO(b"x"), size=1, content_type="text/plain")
    link = await store.link(
        "files/one", filename="a.txt", content_type="text/plain", lifetime=lifetime, base_url="https://api.example"
    )
    return link.removeprefix("https://api.example/api/v1/files/content/")


async def test_a_link_works_until_its_very_last_moment(tmp_path: Path) -> None:
    clock = Hand()
    store = await a_store(tmp_path, clock)
    token = await a_token(store)
    clock.now = NOON + timedelta(minutes=5, microseconds=-1)
    assert (await store.read_link(token)).filename == "a.txt"
    clock.now = NOON + timedelta(minutes=5)
    with pytest.raises(LinkExpired):
        await store.read_link(token)


async def test_a_link_signed_with_another_secret_is_refused(tmp_path: Path) -> None:
    token = await a_token(await a_store(tmp_path, secret="another secret of the same length, more"))
    with pytest.raises(LinkBroken):
        await (await a_store(tmp_path)).read_link(token)


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "no-dot", "ក.ខ", "\udcff.x", "%00", "=" * 5000])
async def test_what_was_never_a_link_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(LinkBroken):
        await (await a_store(tmp_path)).read_link(token)


async def test_adding_anything_to_a_link_breaks_it(tmp_path: Path) -> None:
    store = await a_store(tmp_path)
    token = await a_token(store)
    for changed in (token + "=", token + "\n", "\n" + token, token.replace(".", "=."), token.upper()):
        with pytest.raises(LinkBroken):
            await store.read_link(changed)


async def test_a_link_to_a_removed_file_says_that_it_is_gone(tmp_path: Path) -> None:
    store = await a_store(tmp_path)
    token = await a_token(store)
    await store.remove("files/one")
    with pytest.raises(Missing):
        await store.read_link(token)


def found_in(folder: Path) -> list[tuple[str, int]]:
    """Every file below the folder with its size."""
    return [(str(file.relative_to(folder)), file.stat().st_size) for file in folder.rglob("*") if file.is_file()]


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """A store whose process was killed in the middle of an upload."""
    with subprocess.Popen(
        [sys.executable, "-c", UPLOAD_WITHOUT_END, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as uploading:
        assert uploading.stdout is not None
        assert uploading.stdout.readline() == b"half\n"
        uploading.send_signal(signal.SIGKILL)
    return tmp_path


async def test_an_upload_cut_off_by_a_kill_leaves_nothing_under_its_name(cut_off: Path) -> None:
    store = await a_store(cut_off)
    assert await store.size_of("files/one") is None
    assert [size for name, size in found_in(cut_off) if INCOMING not in name] == []


async def test_what_a_kill_left_is_cleared_away_when_nobody_can_be_writing_it_any_more(cut_off: Path) -> None:
    await a_store(cut_off)
    ((leftover, size),) = found_in(cut_off)
    assert (leftover.startswith(INCOMING), size) == (True, 1_000_000)
    os.utime(cut_off / leftover, (time.time() - 86_000,) * 2)
    await a_store(cut_off)
    assert found_in(cut_off) == [(leftover, size)]
    os.utime(cut_off / leftover, (time.time() - 87_000,) * 2)
    await a_store(cut_off)
    assert found_in(cut_off) == []


async def test_an_upload_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    store = await a_store(tmp_path)
    with pytest.raises(ValueError, match="3 bytes"):
        await store.put("files/one", io.BytesIO(b"abc"), size=4, content_type="text/plain")
    assert found_in(tmp_path) == []


async def test_a_download_given_up_half_way_gives_its_file_back(tmp_path: Path) -> None:
    store = await a_store(tmp_path)
    await store.put("one", io.BytesIO(bytes(1_000_000)), size=1_000_000, content_type="text/plain")
    chunks = await store.get("one")
    with anyio.CancelScope() as client:
        async for _ in chunks:
            client.cancel()
    with pytest.raises(ValueError, match="closed file"):
        await anext(chunks)


async def test_a_folder_that_vanished_is_told_as_files_out_of_reach(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "never made", secret=SECRET, clock=system_clock)
    with pytest.raises(Unavailable) as refusal:
        await store.ping()
    assert refusal.value.retry_after
    with pytest.raises(Unavailable):
        await store.put("one", io.BytesIO(b"x"), size=1, content_type="text/plain")


async def test_a_folder_that_cannot_be_made_stops_the_start_with_its_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = LocalStore(tmp_path / "file" / "below", secret=SECRET, clock=system_clock)
    with pytest.raises(Unavailable, match="UPLOAD_FOLDER") as refusal:
        await store.prepare()
    assert str(tmp_path) not in refusal.value.detail


async def test_a_key_that_is_a_folder_of_other_keys_holds_nothing(tmp_path: Path) -> None:
    store = await a_store(tmp_path)
    await store.put("files/one", io.BytesIO(b"x"), size=1, content_type="text/plain")
    assert await store.size_of("files") is None
    assert await store.size_of("files/one/two") is None
    await store.remove("files")
    await store.remove("files/one/two")
    for key in ("files", "files/one/two"):
        with pytest.raises(Missing):
            await store.get(key)
