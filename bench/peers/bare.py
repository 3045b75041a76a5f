"""The limit: the same rows as JSON through ASGI, asyncpg and msgspec, without framework, rights, journal or log."""

import os
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec

COLUMNS = "a.*, u.first_name || ' ' || u.last_name AS officer, b.name AS branch"
JOINED = "customer_applications a JOIN users u ON u.id = a.user_id JOIN branches b ON b.id = a.branch_id"
LIST = f"SELECT {COLUMNS} FROM {JOINED} WHERE a.branch_id = $1 ORDER BY a.created_at DESC, a.id DESC LIMIT 20"
TOTAL = "SELECT count(*) FROM customer_applications WHERE branch_id = $1"
ONE = f"SELECT {COLUMNS} FROM {JOINED} WHERE a.id = $1"
BRANCH = os.environ.get("BENCH_BRANCH", "")
ME = "SELECT * FROM users WHERE username = $1"
INSERT = """
INSERT INTO customer_applications AS a (id, user_id, branch_id, version, cycle, preparers, editors, material_changes,
  workflow_status, account_id_validated, portfolio_officer_migrated, full_name_khmer, full_name_latin, phone, id_number,
  currency, requested_amount, desired_loan_term, loan_purposes, existing_loans, priority_level, created_at, updated_at)
SELECT gen_random_uuid(), id, branch_id, 1, 1, ARRAY[id], '{}', 0, 'PO_CREATED', false, false, $2, $3,
  convert_to($4, 'UTF8'), convert_to($5, 'UTF8'), $6, $7, $8, '{}', '[]', 'normal', now(), now()
FROM users WHERE username = $1 RETURNING a.*
"""
OFFICER = os.environ.get("BENCH_OFFICER", "")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Draft(msgspec.Struct):
    """An application to draft."""

    full_name_khmer: str
    full_name_latin: str
    phone: str
    id_number: str
    currency: str
    requested_amount: Decimal
    desired_loan_term: int


encode = msgspec.json.Encoder(decimal_format="number").encode
pool: "asyncpg.Pool[Any] | None" = None


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `/me`, `/list`, `/one/<id>` and `/create`; anything else is there."""
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
    elif path == "/me":
        body = encode(dict(await pool.fetchrow(ME, OFFICER)))
    elif path == "/create":
        wish = msgspec.json.decode((await receive())["body"], type=Draft)
        body = encode(dict(await pool.fetchrow(INSERT, OFFICER, *msgspec.structs.astuple(wish))))
    else:
        body = b"{}"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
