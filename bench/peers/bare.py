"""The limit: the statements and the JSON of ours by ASGI, asyncpg and msgspec alone.

It asks no token, no rights beyond those in the statements, opens no sealed number (it shows them as they are stored),
and writes no journal and no log.
"""

import json
import os
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

SEEN = "FROM customer_applications WHERE user_id = $1 OR branch_id = $2"
LIST = f"SELECT id {SEEN} ORDER BY created_at DESC, id LIMIT 20"
TOTAL = f"SELECT count(*) {SEEN}"
INSERT = """
INSERT INTO customer_applications AS a (id, user_id, branch_id, version, cycle, preparers, editors, material_changes,
  workflow_status, account_id_validated, portfolio_officer_migrated, full_name_khmer, full_name_latin, phone, id_number,
  currency, requested_amount, desired_loan_term, loan_purposes, existing_loans, priority_level, created_at, updated_at)
VALUES (gen_random_uuid(), $1, $2, 1, 1, ARRAY[$1::uuid], '{}', 0, 'PO_CREATED', false, false, $3, $4, $5, $6, $7, $8,
  $9, '{}', '[]', 'normal', now(), now()) RETURNING a.id
"""
OFFICER, BRANCH = (
    UUID(os.environ.get("BENCH_OFFICER", str(UUID(int=0)))),
    UUID(os.environ.get("BENCH_BRANCH", str(UUID(int=0)))),
)
PHONE, NUMBER = (bytes.fromhex(os.environ.get(name, "")) for name in ("BENCH_PHONE", "BENCH_NUMBER"))
GUARANTOR = {"phone": "phone", "id_number": "id_number", "address": "current_address", "relationship": "relation"}

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


class Statement:
    """One of our statements; what is null in its arguments the request brings."""

    def __init__(self, name: str) -> None:
        self.text, self.arguments = json.loads(os.environ.get(name, '["", []]'))

    def ask(self, one: UUID | list[UUID]) -> tuple[Any, ...]:
        return (self.text, *(one if each is None else each for each in self.arguments))


ME, ONE, WHOLE = Statement("BENCH_ME"), Statement("BENCH_ONE"), Statement("BENCH_WHOLE")
encode = msgspec.json.Encoder(decimal_format="number").encode
pool: "asyncpg.Pool[Any] | None" = None


async def whole(pool: "asyncpg.Pool[Any]", ids: list[UUID]) -> list[dict[str, Any]]:
    """Read applications with everything around them; what PostgreSQL wrote as JSON goes on as it is."""
    found = {row[0]: _answer(row) for row in await pool.fetch(*WHOLE.ask(ids))}
    return [found[each] for each in ids]


def _answer(row: asyncpg.Record) -> dict[str, Any]:
    fields = dict(row)
    children = [msgspec.Raw(text.encode()) for text in tuple(row)[-4:]]
    for name in list(fields)[-4:]:
        del fields[name]
    fields["existing_loans"] = msgspec.Raw(fields["existing_loans"].encode())
    fields["employee_assignments"], fields["documents"], fields["collaterals"], fields["parties"] = children
    fields["status"] = fields["workflow_stage"] = fields["workflow_status"]
    behind = msgspec.json.decode(children[-1])
    guarantor = behind[0] if behind else {}
    fields["guarantor_name"] = guarantor.get("full_name_latin")
    for name, column in GUARANTOR.items():
        fields[f"guarantor_{name}"] = guarantor.get(column)
    return fields


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `/me`, `/list`, `/one/<id>` and `/create`; anything else is there."""
    global pool  # noqa: PLW0603 - one pool a process
    if scope["type"] != "http":
        return
    if pool is None:
        pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
    path = scope["path"]
    if path == "/list":
        items = await whole(pool, [row[0] for row in await pool.fetch(LIST, OFFICER, BRANCH)])
        total = await pool.fetchval(TOTAL, OFFICER, BRANCH)
        body = encode({"items": items, "total": total, "page": 1, "size": 20, "pages": -(-total // 20)})
    elif path.startswith("/one/"):
        body = encode(_answer(await pool.fetchrow(*ONE.ask(UUID(path.removeprefix("/one/"))))))
    elif path == "/me":
        fields = dict(await pool.fetchrow(*ME.ask(OFFICER)))
        _, places = fields.popitem()
        body = encode(fields | {"places": msgspec.Raw(places.encode())})
    elif path == "/create":
        wish = msgspec.json.decode((await receive())["body"], type=Draft)
        drafted = await pool.fetchval(
            INSERT,
            OFFICER,
            BRANCH,
            wish.full_name_khmer,
            wish.full_name_latin,
            PHONE,
            NUMBER,
            wish.currency,
            wish.requested_amount,
            wish.desired_loan_term,
        )
        body = encode(_answer(await pool.fetchrow(*ONE.ask(drafted))))
    else:
        body = b"{}"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
