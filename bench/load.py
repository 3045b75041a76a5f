"""The load tool: requests over a few connections for a while, and the processor time they took on the other side."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 4
OK = range(200, 300)


@dataclass
class Figure:
    """What requests cost, gathered over several rounds.

    `cpu` and `database` are processor microseconds a request, of the server's process and of PostgreSQL, a value for
    each round; `took` are the milliseconds that single requests took.
    """

    cpu: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.cpu)

    @property
    def queries(self) -> float:
        """The median of PostgreSQL's share."""
        return statistics.median(self.database)

    def quantile(self, part: float) -> float:
        """The milliseconds within which a part of all requests was answered."""
        took = sorted(self.took)
        return took[min(len(took) - 1, int(len(took) * part))]


@dataclass(frozen=True)
class Ask:
    """One request; `make` gives path and body anew each time, for a loan is handed in only once, or None: no more."""

    method: str
    make: Callable[[], tuple[str, bytes] | None]
    keep: Callable[[bytes], None] | None = None


def spent(pids: list[int]) -> float:
    """The processor microseconds that processes have used in all their threads."""
    used = 0
    for pid in pids:
        for thread in _threads(pid):
            with suppress(OSError):  # it ended meanwhile
                used += int((thread / "schedstat").read_text().split()[0])
    return used / 1_000


def _threads(pid: int) -> Iterator[Path]:
    with suppress(OSError):
        yield from Path(f"/proc/{pid}/task").iterdir()


def children(pid: int) -> list[int]:
    """The processes a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def drive(figure: Figure, ask: Ask, *, port: int, pid: int, postmaster: int, token: str, seconds: float) -> None:
    """Send requests over all connections for so many seconds, after a few that warm up, and note what they cost."""
    head = f"HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"

    async def one(until: float, least: int) -> list[float]:
        took: list[float] = []
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while len(took) < least or time.perf_counter() < until:
                if (made := ask.make()) is None:
                    break
                path, body = made
                began = time.perf_counter()
                writer.write(f"{ask.method} {path} {head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                answer = await _answer(reader)
                took.append((time.perf_counter() - began) * 1e3)
                if ask.keep:
                    ask.keep(answer)
        finally:
            writer.close()
        return took

    await asyncio.gather(*(one(0, 1) for _ in range(CONNECTIONS)))
    backends = children(postmaster)
    before, before_database = spent([pid]), spent(backends)
    until = time.perf_counter() + seconds
    took = [each for part in await asyncio.gather(*(one(until, 1) for _ in range(CONNECTIONS))) for each in part]
    figure.cpu.append((spent([pid]) - before) / len(took))
    figure.database.append((spent(backends) - before_database) / len(took))
    figure.took += took


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    body = await reader.readexactly(length)
    if status not in OK:
        raise RuntimeError(f"{status}: {body[:300]!r}")
    return body
