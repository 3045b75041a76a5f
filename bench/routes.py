"""Measures what a request costs: processor time of the server, beside the bare limit, as the number of loans grows."""

import asyncio
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import bcrypt
import msgspec
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from bench.run import children, free_port
from lc_workflow.platform.config import database_url
from lc_workflow.platform.embedded import postgres
from tests.lending.applications.test_hundred_thousand import BRANCH, BRANCHES, FILL, PEOPLE

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 8
ROUNDS = 3
"""Each peer is measured this often, in turn; the median counts."""

PASSWORD = "Bench#2026pass"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """One route: its name, its path, and the path of the bare peer that answers the same rows."""

    name: str
    path: str
    bare: str | None = None


@dataclass(frozen=True)
class Figure:
    """What a request cost: the server's processor time in microseconds, and milliseconds that half and 99 % took."""

    cpu: float
    half: float
    most: float


@contextmanager
def served(target: str, environ: dict[str, str], ready: str) -> Iterator[tuple[int, int]]:
    """Serve with one worker of Granian; gives its port and the worker's process id."""
    port = free_port()
    factory = ["--factory"] if target.endswith(":create_app") else []
    server = subprocess.Popen(
        [
            *(str(ROOT / ".venv/bin/granian"), "--interface", "asgi", *factory, target),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--backpressure", "64"),
        ],
        env=os.environ | environ,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                with urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5):
                    break
            except OSError:
                time.sleep(0.05)
        yield port, max(children(server.pid))
    finally:
        server.terminate()
        server.wait(30)


def spent(pid: int) -> float:
    """The processor seconds a process has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def ask(port: int, pid: int, path: str, token: str, *, requests: int) -> Figure:
    """Send the same request many times over a few connections."""
    head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    took: list[float] = []

    async def one(count: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            began = time.perf_counter()
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in answer.split(b"\r\n", 1)[0], answer[:200]
            length = next(
                int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            await reader.readexactly(length)
            took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one(3) for _ in range(CONNECTIONS)))  # warm
    took.clear()
    before = spent(pid)
    await asyncio.gather(*(one(requests // CONNECTIONS) for _ in range(CONNECTIONS)))
    cpu = (spent(pid) - before) / len(took) * 1e6
    took.sort()
    return Figure(cpu, statistics.median(took) * 1e3, took[int(len(took) * 0.99) - 1] * 1e3)


async def fill(url: str, applications: int) -> str:
    """Put the loanbook of the tests into an empty database, with somebody who signs in; answers one loan's id."""
    engine = create_async_engine(database_url(url), poolclass=NullPool)
    numbers = {"branches": BRANCHES, "customers": applications // 4, "applications": applications}
    async with engine.begin() as connection:
        await connection.execute(text(PEOPLE))
        for statement in FILL:
            names = {name: value for name, value in numbers.items() if f":{name}" in statement}
            await connection.execute(text(statement), names)
        digest = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        await connection.execute(
            text("UPDATE users SET password_hash = :digest WHERE branch_id = :branch"),
            {"digest": digest, "branch": BRANCH},
        )
        one = await connection.scalar(
            text("SELECT id FROM customer_applications WHERE branch_id = :branch LIMIT 1"), {"branch": BRANCH}
        )
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
    await engine.dispose()
    return str(one)


def sign_in(port: int) -> str:
    """Sign the officer of the measured branch in."""
    body = msgspec.json.encode({"username": "u7", "password": PASSWORD})
    request = Request(f"http://127.0.0.1:{port}/api/v1/auth/login", body, {"content-type": "application/json"})
    with urlopen(request) as answer:
        token: str = msgspec.json.decode(answer.read())["access_token"]
    return token


def rows_for(one: str) -> list[Row]:
    """What is measured."""
    v1 = "/api/v1"
    return [
        Row("me", f"{v1}/auth/me"),
        Row("list of 20", f"{v1}/applications?size=20", "/list"),
        Row("list, one stage", f"{v1}/applications?size=20&workflow_status=MANAGER_REVIEW"),
        Row("search, Latin", f"{v1}/applications?size=20&search=BOPHA"),
        Row("search, Khmer", f"{v1}/applications?size=20&search={quote('បុប្ផា')}"),
        Row("one by id", f"{v1}/applications/{one}", f"/one/{one}"),
        Row("its actions", f"{v1}/applications/{one}/actions"),
        Row("queue of tasks", f"{v1}/tasks?queue=claimable"),
        Row("dashboard", f"{v1}/dashboard/stats"),
    ]


def measure(applications: int, *, requests: int) -> dict[str, tuple[Figure, Figure | None]]:
    """Measure every route on a fresh loanbook of that size, ours and the bare peer in turn."""
    found: dict[str, list[tuple[Figure, Figure | None]]] = {}
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder) / "postgres", durable=False) as database:
        alembic = Config(toml_file=ROOT / "pyproject.toml")
        alembic.attributes["database_url"] = database_url(database.url)
        command.upgrade(alembic, "head")
        one = asyncio.run(fill(database.url, applications))
        ours = {
            "DATABASE_URL": database.url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "UPLOAD_FOLDER": f"{folder}/uploads",
            "RATE_LIMIT_ENABLED": "false",
            "LOG_LEVEL": "WARNING",
        }
        theirs = {"DATABASE_URL": database.url, "BENCH_BRANCH": str(BRANCH)}
        with (
            served("lc_workflow.asgi:create_app", ours, "/api/v1/health") as (port, pid),
            served("bench.peers.bare:app", theirs, "/") as (bare_port, bare_pid),
        ):
            token = sign_in(port)
            for _ in range(ROUNDS):
                for row in rows_for(one):
                    mine = asyncio.run(ask(port, pid, row.path, token, requests=requests))
                    peer = row.bare and asyncio.run(ask(bare_port, bare_pid, row.bare, "", requests=requests))
                    found.setdefault(row.name, []).append((mine, peer or None))
    return {name: _middle(figures) for name, figures in found.items()}


def _middle(figures: list[tuple[Figure, Figure | None]]) -> tuple[Figure, Figure | None]:
    return sorted(figures, key=lambda pair: pair[0].cpu)[len(figures) // 2]


def report(sizes: list[int], found: dict[int, dict[str, tuple[Figure, Figure | None]]]) -> None:
    """Print processor microseconds per request for each size, the growth, and the ratio to the bare limit."""
    print(
        f"{'processor µs a request at':<26}"
        + "".join(f"{size:>11,}" for size in sizes)
        + "   growth  bare    p50 / p99 ms"
    )
    for name in found[sizes[-1]]:
        figures = [found[size][name] for size in sizes]
        last, peer = figures[-1]
        ratio = f"{last.cpu / peer.cpu:6.1f}" if peer else "     –"
        cells = "".join(f"{mine.cpu:11.0f}" for mine, _ in figures)
        print(f"{name:<26}{cells}   {last.cpu / figures[0][0].cpu:6.2f}{ratio}   {last.half:6.1f} / {last.most:.1f}")


def main(arguments: list[str]) -> int:
    """Measure at 10,000 and 100,000 applications; `--quick` at 1,000 and 10,000 with fewer requests."""
    quick = "--quick" in arguments
    sizes, requests = ([1_000, 10_000], 160) if quick else ([10_000, 100_000], 400)
    found: dict[int, Any] = {size: measure(size, requests=requests) for size in sizes}
    report(sizes, found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
