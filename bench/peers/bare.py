"""The limit: the same rows as JSON through ASGI, asyncpg and msgspec, without framework, rights, journal or log."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec

COLUMNS = "a.*, u.first_name || ' ' || u.last_name AS officer, b.name AS branch"
JOINED = "customer_applications a JOIN users u ON u.id = a.user_id JOIN branches b ON b.id = a.branch_id"
LIST = f"SELECT {COLUMNS} FROM {JOINED} WHERE a.branch_id = $1 ORDER BY a.created_at DESC, a.id DESC LIMIT 20"
TOTAL = "SELECT count(*) FROM customer_applications WHERE branch_id = $1"
ONE = f"SELECT {COLUMNS} FROM {JOINED} WHERE a.id = $1"
BRANCH = os.environ.get("BENCH_BRANCH", "")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

encode = msgspec.json.Encoder(decimal_format="number").encode
pool: "asyncpg.Pool[Any] | None" = None


async def app(scope: Scope, _: Receive, send: Send) -> None:
    """Answer `/list` and `/one/<id>`; anything else is there."""
    global pool  # noqa: PLW0603 - one pool a process
    if scope["type"] != "http":
        return
    if pool is None:
        pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
    path = scope["path"]
    if path == "/list":
        rows = await pool.fetch(LIST, BRANCH)
        total = await pool.fetchval(TOTAL, BRANCH)
        body = encode({"items": [dict(row) for row in rows], "total": total, "page": 1, "size": 20})
    elif path.startswith("/one/"):
        body = encode(dict(await pool.fetchrow(ONE, path.removeprefix("/one/"))))
    else:
        body = b"{}"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
