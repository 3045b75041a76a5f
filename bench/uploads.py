"""Measures uploads: the memory of 64 MB passing through, 200 at once, and their rate next to a plain copy."""

import asyncio
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from urllib.request import Request, urlopen

import msgspec
from httpx import AsyncClient, Limits

from bench.installation import PASSWORD
from bench.load import children
from bench.run import migrate, resident, worker
from lc_workflow.platform.embedded import postgres

MB = 1024 * 1024
LARGE = 64 * MB
MOST_GROWTH = 16.0
"""MB the worker may grow while one file of 64 MB passes (issue 5)."""

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
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="film.pdf"\r\n\r\n%PDF-1.7\n'
    piece, left = os.urandom(MB), size - 9
    while left:
        yield piece[: min(left, MB)]
        left -= min(left, MB)
    yield b"\r\n--x--\r\n"


async def send(client: AsyncClient, size: int) -> None:
    """Upload one file."""
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await client.post("/api/v1/files/upload", content=pieces_of(size), headers=headers)
    if answer.status_code != 201:  # noqa: PLR2004 - created
        raise SystemExit(f"An upload was answered with {answer.status_code}: {answer.text[:300]}")


def plain_copy(folder: Path, size: int) -> float:
    """Copy a file to the same disk, synced as the store does; answers MB a second."""
    source, target = folder / "source", folder / "copy"
    source.write_bytes(os.urandom(MB) * (size // MB))
    began = time.perf_counter()
    with source.open("rb") as taken, target.open("wb") as kept:
        shutil.copyfileobj(taken, kept, MB)
        kept.flush()
        os.fsync(kept.fileno())
    return size / MB / (time.perf_counter() - began)


def line(name: str, figure: float, unit: str, *, most: float | None = None) -> bool:
    """Print a figure beside its limit; tells whether it keeps it."""
    kept = most is None or figure <= most
    limit = "" if most is None else f"limit {most:g}"
    print(f"{name:<52}{figure:10.2f} {unit:<5} {limit:<14}{'ok' if kept else 'BEYOND'}")
    return kept


async def measure(server: Popen[bytes], url: str, token: str, folder: Path, at_once: int) -> bool:
    """Send one small file to warm up, then a large one, then many at once."""
    limits = Limits(max_connections=at_once)
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncClient(base_url=url, headers=headers, timeout=300, limits=limits) as client:
        for _ in range(3):
            await send(client, 2 * MB)
        before = max(resident(pid) for pid in children(server.pid))
        with peak_of(server) as peak:
            began = time.perf_counter()
            await send(client, LARGE)
            rate = LARGE / MB / (time.perf_counter() - began)
        good = line("memory a file of 64 MB takes more", peak[0] - before, "MB", most=MOST_GROWTH)
        copied = plain_copy(folder, LARGE)
        good &= line("rate of that upload", rate, "MB/s")
        good &= line("rate of a plain synced copy to the same disk", copied, "MB/s")
        good &= line("the one of the other, for it is parsed and judged", rate / copied, "")
        with peak_of(server) as peak:
            began = time.perf_counter()
            await asyncio.gather(*(send(client, SMALL) for _ in range(at_once)))
            took = time.perf_counter() - began
        good &= line(f"{at_once} uploads of 256 kB at once", took, "s")
        good &= line("memory they take more", peak[0] - before, "MB")
        total = (await client.get("/api/v1/files")).json()["total"]
        return good and total == at_once + 4


def sign_in(url: str) -> str:
    """Make the first administrator, and sign them in."""
    for path, body in (("setup-first-admin", ADMIN | {"password": PASSWORD}), ("login", None)):
        form = f"username=bench&password={PASSWORD.replace('#', '%23')}".encode()
        kind = "application/json" if body else "application/x-www-form-urlencoded"
        asked = Request(
            f"{url}/api/v1/auth/{path}", msgspec.json.encode(body) if body else form, {"Content-Type": kind}
        )
        with urlopen(asked) as answer:
            said = msgspec.json.decode(answer.read())
    token: str = said["access_token"]
    return token


def main() -> int:
    """Measure on a database and a folder of their own; ends with 1 when a limit is not kept."""
    at_once = 50 if "--quick" in sys.argv else AT_ONCE
    os.environ |= {"MAX_FILE_SIZE": str(LARGE), "RATE_LIMIT_ENABLED": "false"}
    with tempfile.TemporaryDirectory() as name, postgres(Path(name) / "postgres", durable=False) as database:
        migrate(database.url)
        with worker(database.url, f"{name}/uploads") as (server, _):
            port = server.args[server.args.index("--port") + 1]  # type: ignore[index,union-attr,arg-type]
            url = f"http://127.0.0.1:{port!s}"
            good = asyncio.run(measure(server, url, sign_in(url), Path(name), at_once))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
