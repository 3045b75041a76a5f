"""Measures what others wait while people sign in: `GET /auth/me` alone, and beside sign-ins that never pause."""

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

import bcrypt
from sqlalchemy import text

from bench.installation import PASSWORD
from bench.load import Ask, Figure, children, drive
from bench.loanbook import OFFICER, SECRET, engine_of, filled
from bench.routes import V1, answering, served, sign_in
from bench.run import free_port
from lc_workflow.platform.config import database_url

AT_ONCE = 8
COST = 12
"""The work factor of a password's hash, as the house sets it; other measurements sign in with cheap ones."""

MOST_TIMES_AS_LONG = 2.0
"""What the 99th of a hundred requests may take beside sign-ins, by what it takes without (design/performance.md)."""

ME = Ask("GET", lambda: (f"{V1}/auth/me", b""))
CREDENTIALS = json.dumps({"username": OFFICER, "password": PASSWORD}).encode()
SIGN_IN = Ask("POST", lambda: (f"{V1}/auth/login", CREDENTIALS))


async def beside(port: int, pid: int, postmaster: int, token: str, *, seconds: float, sign_ins: bool) -> float:
    """Ask who one is for so long, over four connections; gives the milliseconds of the 99th of a hundred."""
    asked, signed_in = Figure(), Figure()
    where = {"port": port, "pid": pid, "postmaster": postmaster}
    both = [drive(asked, ME, token=token, seconds=seconds, **where)]
    if sign_ins:
        # Each of these holds four connections.
        both += [drive(signed_in, SIGN_IN, token="", seconds=seconds + 1, **where) for _ in range(AT_ONCE // 4)]
    await asyncio.gather(*both)
    if sign_ins:
        print(f"  {len(signed_in.took)} sign-ins meanwhile, {signed_in.quantile(0.5):.0f} ms each")
    return asked.quantile(0.99)


def main(arguments: list[str]) -> int:
    """Measure both in turn; ends with 1 when others wait longer than they may."""
    rounds, seconds = (2, 2.0) if "--quick" in arguments else (5, 4.0)
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder), [1_000]) as shelf:
        with engine_of(database_url(shelf.books[-1].url)).begin() as connection:
            digest = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(COST)).decode()
            connection.execute(text("UPDATE users SET password_hash = :digest"), {"digest": digest})
        port = free_port()
        environ = {
            "DATABASE_URL": shelf.books[-1].url,
            "SECRET_KEY": SECRET,
            "UPLOAD_FOLDER": f"{folder}/uploads",
            "RATE_LIMIT_ENABLED": "false",
            "LOG_LEVEL": "WARNING",
        }
        command = ["granian", "--interface", "asgi", "--workers", "1", "--factory", "lc_workflow.asgi:create_app"]
        with served(command, environ, port) as server:
            answering(server, port, f"{V1}/health")
            token, pid = sign_in(port), max(children(server.pid))
            alone: list[float] = []
            busy: list[float] = []
            for _ in range(rounds):
                for found, sign_ins in ((alone, False), (busy, True)):
                    asking = beside(port, pid, shelf.pid, token, seconds=seconds, sign_ins=sign_ins)
                    found.append(asyncio.run(asking))
    times = statistics.median(busy) / statistics.median(alone)
    word = "ok" if times <= MOST_TIMES_AS_LONG else "ABOVE"
    print(
        f"me beside {AT_ONCE} sign-ins: p99 {statistics.median(alone):.1f} ms alone, {statistics.median(busy):.1f} ms"
        f" beside, {times:.2f} times as long, limit {MOST_TIMES_AS_LONG:g}  {word}"
    )
    return 0 if times <= MOST_TIMES_AS_LONG else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
