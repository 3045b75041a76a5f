"""Measures uploads: their rate beside the store's own, the memory of 64 MB passing through, and 200 at once."""

import asyncio
import io
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from subprocess import Popen
from typing import Final
from urllib.request import Request, urlopen
from uuid import uuid4

import msgspec
from httpx import AsyncClient, Limits

from bench.installation import PASSWORD
from bench.load import children, spent
from bench.run import migrate, resident, worker
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.local import LocalStore
from lc_workflow.platform.storage.minio import MinioStore
from tests.servers.s3 import s3_server

MB = 1024 * 1024
LARGE = 64 * MB
SIZES: Final = ((MB, 20), (LARGE, 1))
"""Bytes of a file, and how many of them are sent before the store's turn comes."""

ROUNDS, QUICK_ROUNDS = 6, 3
ASKED: Final = 0.7
"""Of the store's own rate (design/performance.md); it is printed and does not fail the bench."""

MOST_GROWTH = 16.0
"""MB the worker may grow while one file of 64 MB passes (issue 5)."""

PDF: Final = b"%PDF-1.7\n"
FORM: Final = b'--x\r\nContent-Disposition: form-data; name="file"; filename="film.pdf"\r\n\r\n'
FORM_END: Final = b"\r\n--x--\r\n"
"""What stands around a file on its way."""

AT_ONCE = 200
SMALL = 256 * 1024
ADMIN = {"username": "bench", "email": "bench@branch.example", "first_name": "B", "last_name": "B"}


@contextmanager
def peak_of(server: Popen[bytes]) -> Iterator[list[float]]:
    """Watch how much memory the worker holds at most, in MB; the list has it when the block is over."""
    done = threading.Event()
    seen: list[float] = [0.0]

    def watch() -> None:
        while not done.wait(0.01):
            seen[0] = max(seen[0], *(resident(pid) for pid in children(server.pid)))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        done.set()
        watching.join()


async def pieces_of(size: int) -> AsyncIterator[bytes]:
    """A form with a PDF of this size, piece by piece."""
    yield FORM + PDF
    piece, left = os.urandom(MB), size - len(PDF)
    while left:
        yield piece[: min(left, MB)]
        left -= min(left, MB)
    yield FORM_END


async def send(client: AsyncClient, size: int) -> None:
    """Upload one file."""
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await client.post("/api/v1/files/upload", content=pieces_of(size), headers=headers)
    if answer.status_code != HTTPStatus.CREATED:
        raise SystemExit(f"An upload was answered with {answer.status_code}: {answer.text[:300]}")


class Sender:
    """Sends one file again and again over a connection that stays open; it is made before, as the store's is.

    httpx took a fifth of the time of 1 MB for itself.
    """

    def __init__(self, url: str, token: str, content: bytes) -> None:
        """Make the form once."""
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=300)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=x"}
        self._form = FORM + content + FORM_END

    def send(self) -> None:
        """Upload it; this blocks."""
        self._connection.request("POST", "/api/v1/files/upload", self._form, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != HTTPStatus.CREATED:
            raise SystemExit(f"An upload was answered with {answer.status}: {said[:300]!r}")


async def beside_the_store(url: str, token: str, server: Popen[bytes], store: ObjectStore, kind: str) -> None:
    """Send files through the API and put as many straight into its store, in turn, and print how the rates compare.

    Of the processor, only what the worker takes is counted for the one, and what we take for the other.
    """
    await store.prepare()
    rounds = QUICK_ROUNDS if "--quick" in sys.argv else ROUNDS
    pids = children(server.pid)
    for size, count in SIZES:
        content = PDF + os.urandom(size - len(PDF))
        sender = Sender(url, token, content)
        await asyncio.to_thread(sender.send)
        through, straight, worked, put = [], [], [], []
        for _ in range(rounds):
            began, before = time.perf_counter(), spent(pids)
            for _ in range(count):
                await asyncio.to_thread(sender.send)
            through.append((time.perf_counter() - began) / count)
            worked.append((spent(pids) - before) / 1e3 / count)
            began, used = time.perf_counter(), time.process_time()
            for _ in range(count):
                await store.put(f"2026/11/{uuid4()}", io.BytesIO(content), size=size, content_type="application/pdf")
            straight.append((time.perf_counter() - began) / count)
            put.append((time.process_time() - used) * 1e3 / count)
        api, own = statistics.median(through), statistics.median(straight)
        each = statistics.median(one / other for one, other in zip(straight, through, strict=True))
        word = "ok" if each >= ASKED else "BELOW"
        print(
            f"{size // MB:>3} MB, {kind}: {size / MB / api:.1f} MB/s through the API, {size / MB / own:.1f} straight: "
            f"{each:.2f} (asked {ASKED:g}) {word}; "
            f"processor {statistics.median(worked):.0f} and {statistics.median(put):.0f} ms a file"
        )


def line(name: str, figure: float, unit: str, *, most: float | None = None) -> bool:
    """Print a figure beside its limit; tells whether it keeps it."""
    kept = most is None or figure <= most
    limit = "" if most is None else f"limit {most:g}"
    print(f"{name:<52}{figure:10.2f} {unit:<5} {limit:<14}{'ok' if kept else 'BEYOND'}")
    return kept


async def measure(server: Popen[bytes], url: str, token: str, at_once: int) -> bool:
    """Send one small file to warm up, then a large one, then many at once."""
    limits = Limits(max_connections=at_once)
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncClient(base_url=url, headers=headers, timeout=300, limits=limits) as client:
        for _ in range(3):
            await send(client, 2 * MB)
        before = max(resident(pid) for pid in children(server.pid))
        with peak_of(server) as peak:
            await send(client, LARGE)
        good = line("memory a file of 64 MB takes more", peak[0] - before, "MB", most=MOST_GROWTH)
        with peak_of(server) as peak:
            began = time.perf_counter()
            await asyncio.gather(*(send(client, SMALL) for _ in range(at_once)))
            took = time.perf_counter() - began
        good &= line(f"{at_once} uploads of 256 kB at once", took, "s")
        good &= line("memory they take more", peak[0] - before, "MB")
        total = (await client.get("/api/v1/files")).json()["total"]
        return good and total == at_once + 4


def make_admin(url: str) -> None:
    """Make the first administrator."""
    body = msgspec.json.encode(ADMIN | {"password": PASSWORD})
    urlopen(Request(f"{url}/api/v1/auth/setup-first-admin", body, {"Content-Type": "application/json"})).close()


def sign_in(url: str) -> str:
    """Sign the administrator in; a token holds for one start of the worker, whose key is its own."""
    form = f"username=bench&password={PASSWORD.replace('#', '%23')}".encode()
    with urlopen(f"{url}/api/v1/auth/login", form) as answer:
        token: str = msgspec.json.decode(answer.read())["access_token"]
    return token


def main() -> int:
    """Measure on a database, a folder and an S3 store of their own; ends with 1 when a limit is not kept."""
    at_once = 50 if "--quick" in sys.argv else AT_ONCE
    os.environ |= {"MAX_FILE_SIZE": str(LARGE), "RATE_LIMIT_ENABLED": "false"}
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(postgres(place / "postgres", durable=False))
        migrate(database.url)
        with worker(database.url, f"{place}/uploads") as (server, _):
            make_admin(url := address_of(server))
            token = sign_in(url)
            good = asyncio.run(measure(server, url, token, at_once))
            folder = LocalStore(place / "straight", secret=PASSWORD * 4, clock=system_clock)
            asyncio.run(beside_the_store(url, token, server, folder, "folder"))
        (place / "s3").mkdir()
        s3 = stack.enter_context(s3_server(place / "s3"))
        bucket = stack.enter_context(s3.bucket())
        os.environ |= {
            "MINIO_ENDPOINT": s3.endpoint,
            "MINIO_ACCESS_KEY": s3.access_key,
            "MINIO_SECRET_KEY": s3.secret_key,
            "MINIO_REGION": s3.region,
            "MINIO_SECURE": "true" if s3.secure else "false",
            "MINIO_BUCKET_NAME": bucket.bucket,
        }
        with worker(database.url, f"{place}/unused") as (server, _):
            url = address_of(server)
            asyncio.run(beside_the_store(url, sign_in(url), server, MinioStore(bucket), s3.name))
    return 0 if good else 1


def address_of(server: Popen[bytes]) -> str:
    """Where a worker of ours serves."""
    port = server.args[server.args.index("--port") + 1]  # type: ignore[index,union-attr,arg-type]
    return f"http://127.0.0.1:{port!s}"


if __name__ == "__main__":
    sys.exit(main())
