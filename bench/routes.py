"""Measures what a request costs: processor time of the server beside its peers, as the number of loans grows."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from sqlalchemy import text

from bench.installation import PASSWORD
from bench.load import Ask, Figure, children, drive
from bench.loanbook import BRANCH, OFFICER, OFFICER_ID, SECRET, Book, Shelf, engine_of, filled
from bench.peers.texts import texts
from bench.run import ROOT, free_port, resident
from lc_workflow.platform.config import database_url

V1 = "/api/v1"
DRAFT = json.dumps(
    {
        "full_name_latin": "SOK BOPHA",
        "full_name_khmer": "សុខ បុប្ផា",
        "phone": "012345678",
        "id_number": "010203040",
        "currency": "USD",
        "requested_amount": 1500.5,
        "desired_loan_term": 12,
    }
).encode()
PATIENCE = 30
"""Tenths of a second in which listeners should have heard of everything."""

FROM = 10_000
"""Growth is what a request costs at the largest size, by what it costs at this one (design/performance.md)."""

NOT_WORK = re.compile(r"statement: (BEGIN|COMMIT|ROLLBACK)", re.IGNORECASE)
STATEMENTS = ("me", "list of 20", "list of 20, one stage", "one by id", "its actions", "tasks to claim", "dashboard")


@dataclass(frozen=True)
class Server:
    """A server of one worker: its port, the worker's process, and the token it takes."""

    port: int
    pid: int
    token: str


@dataclass(frozen=True)
class Row:
    """One line of the table: what we are asked, and what the peers are asked, where they have it."""

    name: str
    ours: Ask
    bare: Ask | None = None
    twin: Ask | None = None


class Rows:
    """What is measured on one book; applications that were drafted are handed in later."""

    def __init__(self, book: Book) -> None:
        self._drafted: list[str] = []
        stage = "workflow_status=APPROVED"
        self.all = [
            Row("me", _get(f"{V1}/auth/me"), _get("/me"), _get("/me")),
            Row("list of 20", _get(f"{V1}/applications?size=20"), _get("/list"), _get("/list")),
            Row("list of 20, one stage", _get(f"{V1}/applications?size=20&{stage}")),
            Row("search, Latin", _get(f"{V1}/applications?size=20&search=BOPHA")),
            Row("search, Khmer", _get(f"{V1}/applications?size=20&search={quote('បុប្ផា')}")),
            Row(
                "one by id",
                _get(f"{V1}/applications/{book.one}"),
                _get(f"/one/{book.one}"),
                _get(f"/one/{book.one}"),
            ),
            Row("its actions", _get(f"{V1}/applications/{book.one}/actions")),
            Row("tasks to claim", _get(f"{V1}/tasks?queue=claimable")),
            Row("dashboard", _get(f"{V1}/dashboard/stats")),
            Row("create", self._drafts(f"{V1}/applications"), _post("/create"), _post("/create")),
            Row("move (submit)", Ask("PATCH", self._submission)),
        ]

    def _drafts(self, path: str) -> Ask:
        return Ask("POST", lambda: (path, DRAFT), keep=lambda body: self._drafted.append(json.loads(body)["id"]))

    def _submission(self) -> tuple[str, bytes] | None:
        return (f"{V1}/applications/{self._drafted.pop()}/submit", b"{}") if self._drafted else None


def _get(path: str) -> Ask:
    return Ask("GET", lambda: (path, b""))


def _post(path: str) -> Ask:
    return Ask("POST", lambda: (path, DRAFT))


@contextmanager
def served(command: list[str], environ: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server; who comes next waits for it with `answering`."""
    server = subprocess.Popen(
        [str(ROOT / ".venv/bin" / command[0]), *command[1:], "--host", "127.0.0.1", "--port", str(port)],
        env=os.environ | environ,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield server
    finally:
        server.terminate()
        server.wait(30)


def answering(server: subprocess.Popen[bytes], port: int, ready: str) -> int:
    """Wait until a server answers; gives the process that does the work."""
    for _ in range(1_200):
        if server.poll() is not None:
            raise RuntimeError("a server ended while it started")
        try:
            with urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5):
                break
        except OSError:
            time.sleep(0.1)
    return max(children(server.pid), default=server.pid)


def sign_in(port: int) -> str:
    """Sign the officer of the measured branch in."""
    body = json.dumps({"username": OFFICER, "password": PASSWORD}).encode()
    request = Request(f"http://127.0.0.1:{port}{V1}/auth/login", body, {"content-type": "application/json"})
    with urlopen(request) as answer:
        token: str = json.load(answer)["access_token"]
    return token


@contextmanager
def stage(shelf: Shelf, folder: Path) -> Iterator[tuple[dict[int, Server], Server, Server]]:
    """Start ours on every book, and the two peers on the largest; all at once, for starting is what takes longest."""
    granian = ["granian", "--interface", "asgi", "--workers", "1", "--backpressure", "64"]
    common = {"SECRET_KEY": SECRET, "RATE_LIMIT_ENABLED": "false", "LOG_LEVEL": "INFO"}
    largest = shelf.books[-1]
    with ExitStack() as stack:

        def start(
            command: list[str], ready: str, book: Book, **further: str
        ) -> tuple[subprocess.Popen[bytes], int, str]:
            port = free_port()
            environ = common | {"DATABASE_URL": book.url, "UPLOAD_FOLDER": f"{folder}/uploads", "PYTHONPATH": "."}
            return stack.enter_context(served(command, environ | further, port)), port, ready

        ours = [
            start([*granian, "--factory", "lc_workflow.asgi:create_app"], f"{V1}/health", book) for book in shelf.books
        ]
        peer = {"BENCH_BRANCH": str(BRANCH), "BENCH_OFFICER": str(OFFICER_ID), **texts(SECRET)}
        bare = start([*granian, "bench.peers.bare:app"], "/", largest, **peer)
        twin = start(
            ["uvicorn", "bench.peers.twin:app", "--no-access-log", "--log-level", "warning"], "/openapi.json", largest
        )
        pids = [answering(*one) for one in (*ours, bare, twin)]
        tokens = [sign_in(port) for _, port, _ in ours]
        yield (
            {
                book.size: Server(port, pid, token)
                for book, (_, port, _), pid, token in zip(shelf.books, ours, pids, tokens, strict=False)
            },
            Server(bare[1], pids[-2], ""),
            Server(twin[1], pids[-1], tokens[-1]),
        )


def statements(shelf: Shelf, book: Book, server: Server, rows: Rows) -> dict[str, tuple[int, int]]:
    """Count what one request sends to PostgreSQL: statements, and what begins and ends transactions."""
    found = {}
    with engine_of(database_url(book.url)).connect() as connection:
        connection.execute(text("ALTER SYSTEM SET log_line_prefix = '%d|%a|'"))
        connection.execute(text("ALTER SYSTEM SET log_statement = 'all'"))
        connection.execute(text("SELECT pg_reload_conf()"))
        for row in rows.all:
            if row.name not in STATEMENTS:
                continue
            counted = []
            for _ in range(6):
                time.sleep(0.05)
                before = shelf.log.stat().st_size
                path, _ = row.ours.make() or ("", b"")
                asked = Request(
                    f"http://127.0.0.1:{server.port}{path}", headers={"authorization": f"Bearer {server.token}"}
                )
                with urlopen(asked) as answer:
                    answer.read()
                time.sleep(0.05)
                with shelf.log.open("rb") as log:
                    log.seek(before)
                    lines = [line for line in log.read().decode(errors="replace").splitlines() if _sent(line, book)]
                around = sum(bool(NOT_WORK.search(line)) for line in lines)
                counted.append((len(lines) - around, around))
            found[row.name] = min(counted)  # jobs in the background send statements too
        connection.execute(text("ALTER SYSTEM RESET log_statement"))
        connection.execute(text("SELECT pg_reload_conf()"))
    return found


def _sent(line: str, book: Book) -> bool:
    return line.startswith(f"book_{book.size}|lc-workflow|LOG:  ") and (" statement: " in line or " execute " in line)


def measure(shelf: Shelf, folder: Path, *, rounds: int, seconds: float, most_seconds: float) -> None:
    """Measure every row, ours and the peers in turn, and print the table."""
    with stage(shelf, folder) as (ours, bare, twin):
        rows = {book.size: Rows(book) for book in shelf.books}
        largest = shelf.books[-1]
        mine: dict[tuple[str, int], Figure] = {}
        peers: dict[tuple[str, str], Figure] = {}

        def go(figure: Figure, ask: Ask, server: Server) -> None:
            asyncio.run(
                drive(
                    figure,
                    ask,
                    port=server.port,
                    pid=server.pid,
                    postmaster=shelf.pid,
                    token=server.token,
                    seconds=seconds,
                )
            )

        began = time.perf_counter()
        counted = statements(shelf, largest, ours[largest.size], rows[largest.size])
        for number_of_round in range(rounds):
            if number_of_round and time.perf_counter() - began > most_seconds * number_of_round / (number_of_round + 1):
                print(f"no time for more than {number_of_round} of {rounds} rounds: the machine is busy")
                break
            print(f"  round {number_of_round + 1} of {rounds} …", file=sys.stderr)
            for number, row in enumerate(rows[largest.size].all):
                for book in shelf.books:
                    ask = rows[book.size].all[number].ours
                    go(mine.setdefault((row.name, book.size), Figure()), ask, ours[book.size])
                    if ask.method != "GET":
                        _told(book)
                if row.bare:
                    go(peers.setdefault((row.name, "bare"), Figure()), row.bare, bare)
                if row.twin:
                    go(peers.setdefault((row.name, "twin"), Figure()), row.twin, twin)
        memory = {"ours": resident(ours[largest.size].pid), "bare": resident(bare.pid), "twin": resident(twin.pid)}
    report([book.size for book in shelf.books], mine, peers, counted)
    print("\nresident memory after the load, MB: " + ", ".join(f"{name} {mb:.0f}" for name, mb in memory.items()))


def _told(book: Book) -> None:
    """Wait until listeners have heard what the last requests announced, so that the next row does not pay for it."""
    with engine_of(database_url(book.url)).connect() as connection:
        for _ in range(PATIENCE):
            if not connection.scalar(text("SELECT count(*) FROM journal_outbox")):
                return
            time.sleep(0.1)


def report(
    sizes: list[int],
    mine: dict[tuple[str, int], Figure],
    peers: dict[tuple[str, str], Figure],
    counted: dict[str, tuple[int, int]],
) -> None:
    """Print the table; growth is from `FROM` to the largest."""
    head = "".join(f"{size:>11,}" for size in sizes)
    print(
        f"{'processor µs a request at':<26}{head}  growth spread    /bare  /twin     SQL+tx"
        "   database µs   p50 / p99 ms   bare µs  twin µs"
    )
    for name in dict.fromkeys(name for name, _ in mine):
        figures = [mine[name, size] for size in sizes]
        last = figures[-1]
        bare, twin = peers.get((name, "bare")), peers.get((name, "twin"))
        spread = (max(last.cpu) - min(last.cpu)) / last.cost
        sql = "{}+{}".format(*counted[name]) if name in counted else "–"
        print(
            f"{name:<26}"
            + "".join(f"{figure.cost:11.0f}" for figure in figures)
            + f"{last.cost / mine[name, FROM].cost:8.2f}{spread:7.0%}"
            + (f"{last.cost / bare.cost:9.1f}" if bare else f"{'–':>9}")
            + (f"{last.cost / twin.cost:7.2f}" if twin else f"{'–':>7}")
            + f"{sql:>11}{last.queries:14.0f}{last.quantile(0.5):9.1f} / {last.quantile(0.99):.1f}"
            + "".join(f"{peer.cost:9.0f}" if peer else f"{'–':>9}" for peer in (bare, twin))
        )


def pgbench(book: Book, seconds: int) -> None:
    """Let PostgreSQL's own tool send the statement of the list alone: below it no stack can come."""
    from bench.peers.bare import LIST  # noqa: PLC0415 - the peer needs asyncpg only when it runs
    from lc_workflow.platform.embedded import postgres_programs  # noqa: PLC0415

    program = postgres_programs() / "pgbench"
    if not program.exists():
        print("\npgbench is not among PostgreSQL's programs here.")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(LIST.replace("$1", f"'{OFFICER_ID}'").replace("$2", f"'{BRANCH}'") + ";\n")
        script.flush()
        answer = subprocess.run(
            [str(program), "-n", "-M", "prepared", "-c", "4", "-T", str(seconds), "-f", script.name, book.url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    figures = dict(re.findall(r"(latency average|tps) = ([\d.]+)", answer))
    print(
        f"pgbench, the list's statement alone, 4 clients: {float(figures['tps']):.0f} a second,"
        f" {float(figures['latency average']):.2f} ms each (wall time)"
    )


def main(arguments: list[str]) -> int:
    """Measure at 1,000 to 100,000 applications; `--quick` at two sizes and shortly, `--million` at 1,000,000 too."""
    quick = "--quick" in arguments
    sizes = [1_000, 10_000] if quick else [1_000, 10_000, 100_000]
    if "--million" in arguments:
        sizes.append(1_000_000)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place, filled(Path(place), sizes) as shelf:
        print(f"filled {', '.join(f'{size:,}' for size in sizes)} applications in {time.perf_counter() - began:.0f} s")
        measure(
            shelf,
            Path(place),
            rounds=3 if quick else 5,
            seconds=0.3 if quick else 1.0,
            most_seconds=80 if quick else 600,
        )
        pgbench(shelf.books[-1], 2 if quick else 5)
    print(f"measured in {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
