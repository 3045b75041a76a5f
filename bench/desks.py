"""The load of the fault table: loan work at several desks, and what was answered compared with what is kept."""

import asyncio
import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from httpx import Response, TransportError
from minio import Minio
from minio.error import S3Error
from sqlalchemy import URL, ColumnElement, NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.documents.library.models import File
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.workflow.models import Move
from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.journal.models import JournalEntry
from tests.faults.test_killed import STEPS
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import WISH

SECONDS_BETWEEN_UPLOADS = 6.2
"""How seldom an officer brings a paper."""

PAUSE = 0.2
"""Seconds until a desk asks again."""

PATIENCE = 15.0
"""Seconds after which a desk gives a step up."""

COME_AGAIN = 503
STILL_AT_WORK = 409

Ask = Callable[..., Awaitable[Response]]


class Done(Exception):
    """The request was carried out before, and whoever sent it does not know its answer: somebody looks for it."""


class Cut(NamedTuple):
    """A connection that broke without an answer."""

    how: str
    began: float
    broke: float


@dataclass
class Load:
    """What became of the requests during one fault, and what was answered with success.

    `again` counts 503 with Retry-After, `waiting` 409 to a repeated key whose first request is not settled,
    `done_unheard` 422 to a key whose request was carried out and whose answer nobody knows, `cut` the connections that
    broke without an answer.
    """

    asked: int = 0
    held: int = 0
    again: int = 0
    waiting: int = 0
    done_unheard: int = 0
    other: Counter[str] = field(default_factory=Counter)
    cut: list[Cut] = field(default_factory=list)
    longest: float = 0.0
    successes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    created: set[UUID] = field(default_factory=set)
    moved: set[tuple[UUID, str]] = field(default_factory=set)
    papers: dict[UUID, str] = field(default_factory=dict)
    over: bool = False

    async def ask(self, kind: str, send: Awaitable[Response]) -> Response | None:
        """Send one request, once, and note what became of it; gives the answer of a success."""
        self.asked += 1
        began = time.monotonic()
        try:
            answer = await send
        except TransportError as cut:
            self.cut.append(Cut(f"{type(cut).__name__} of {kind}", began, time.monotonic()))
            return None
        ended = time.monotonic()
        self.longest = max(self.longest, ended - began)
        if answer.is_success:
            self.held += 1
            self.successes[kind].append(ended)
            return answer
        again = "retry-after" in answer.headers
        if answer.status_code == COME_AGAIN and again:
            self.again += 1
        elif answer.status_code == STILL_AT_WORK and again:
            self.waiting += 1
        elif answer.json().get("code") == "AnswerLost":
            self.done_unheard += 1
            raise Done
        else:
            self.other[f"{answer.status_code} {answer.json().get('code')}"] += 1
        return None

    def recovered(self, since: float, kinds: Iterable[str]) -> float | None:
        """Seconds from a moment until the first success of such kinds; None when there was none yet."""
        return min((at - since for kind in kinds for at in self.successes[kind] if at >= since), default=None)


@dataclass(frozen=True)
class Staff:
    """The headers that carry the people's tokens: an officer for each desk, one teller, one manager."""

    officers: Sequence[dict[str, str]]
    teller: dict[str, str]
    manager: dict[str, str]


_numbers = count(1)
_last_upload: dict[int, float] = {}


@asynccontextmanager
async def working(ask: Ask, staff: Staff) -> AsyncIterator[Load]:
    """Let everybody work while the block runs, and finish the request at hand."""
    load = Load()
    desks = [asyncio.create_task(_desk(load, ask, staff, number)) for number in range(len(staff.officers))]
    try:
        yield load
    finally:
        load.over = True
        await asyncio.gather(*desks)


async def _desk(load: Load, ask: Ask, staff: Staff, number: int) -> None:
    officer = staff.officers[number]
    people = {"officer": officer, "teller": staff.teller, "manager": staff.manager}
    while not load.over:
        serial = next(_numbers)
        mark = f"loan {serial}"
        wish = WISH | {"village": mark, "id_number": f"{serial:09}", "phone": f"+85512{serial:06}"}
        drafted = await _insist(load, ask, "create", APPLICATIONS, body=wish, who=officer, key=mark)
        if drafted is None:
            continue
        loan = UUID(drafted["id"])
        load.created.add(loan)
        await load.ask("list", ask("GET", f"{APPLICATIONS}?size=20", headers=officer))
        if time.monotonic() - _last_upload.get(number, 0.0) > SECONDS_BETWEEN_UPLOADS:
            _last_upload[number] = time.monotonic()
            await _upload(load, ask, officer, loan, mark)
        for name, action, wanted in STEPS:
            path = f"{APPLICATIONS}/{loan}/actions/{action}"
            body = wanted | ({"account_id": f"{serial:08}"} if "account_id" in wanted else {})
            moved = await _insist(load, ask, "move", path, body=body, who=people[name], key=f"{mark} {action}")
            if moved is None:
                break
            load.moved.add((loan, moved["workflow_status"]))


async def _insist(
    load: Load, ask: Ask, kind: str, path: str, *, body: dict[str, Any], who: dict[str, str], key: str
) -> dict[str, Any] | None:
    """Send a request until it succeeds, always with the same key, as a client does that heard nothing."""
    until = time.monotonic() + PATIENCE
    headers = who | {"Idempotency-Key": key}
    while time.monotonic() < until:
        try:
            answer = await load.ask(kind, ask("POST", path, json=body, headers=headers))
        except Done:
            return None
        if answer:
            found: dict[str, Any] = answer.json()
            return found
        if load.over:
            break
        await asyncio.sleep(PAUSE)
    return None


async def _upload(load: Load, ask: Ask, officer: dict[str, str], loan: UUID, mark: str) -> None:
    """Bring a paper, another one after each failure: uploads carry no key, so the same one could be there twice."""
    until = time.monotonic() + PATIENCE
    for attempt in count(1):
        paper = f"Title of {mark}, {attempt}\n".encode() * 4_000
        files, fields = {"file": ("title.txt", paper, "text/plain")}, {"application_id": str(loan)}
        send = ask("POST", "/api/v1/files/upload", files=files, data=fields, headers=officer)
        if answer := await load.ask("upload", send):
            load.papers[UUID(answer.json()["id"])] = hashlib.sha256(paper).hexdigest()
        if answer or load.over or time.monotonic() > until:
            return
        await asyncio.sleep(PAUSE)


async def lost_and_doubled(load: Load, database: URL, store: ObjectStoreSettings) -> tuple[int, int]:
    """Count what was answered with success and is not there, and what one key or one request did twice."""
    engine = create_async_engine(database, poolclass=NullPool)
    try:
        async with engine.connect() as rows:
            there = set(await rows.scalars(select(CustomerApplication.id)))
            walked = {
                (move, str(stage)) for move, stage in await rows.execute(select(Move.application_id, Move.target))
            }
            keys = dict((await rows.execute(select(File.id, File.key))).tuples().all())
            doubled = [
                await _twice(rows, CustomerApplication.village),
                await _twice(rows, Move.application_id, Move.target),
                await _twice(rows, File.sha256),
                await _twice(rows, JournalEntry.subject_id, only=JournalEntry.kind == "ApplicationDrafted"),
            ]
    finally:
        await engine.dispose()
    kept = await asyncio.to_thread(_kept, store, [keys[id_] for id_ in load.papers if id_ in keys])
    papers = sum(kept.get(keys.get(id_, "")) != sha256 for id_, sha256 in load.papers.items())
    return len(load.created - there) + len(load.moved - walked) + papers, sum(doubled)


async def _twice(
    rows: AsyncConnection, *columns: InstrumentedAttribute[Any], only: ColumnElement[bool] | None = None
) -> int:
    groups = select(*columns).group_by(*columns).having(func.count() > 1)
    if only is not None:
        groups = groups.where(only)
    return int(await rows.scalar(select(func.count()).select_from(groups.subquery())) or 0)


def _kept(store: ObjectStoreSettings, keys: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of what the store holds under keys."""
    client = Minio(store.endpoint, store.access_key, store.secret_key, secure=store.secure, region=store.region)
    found = {}
    for key in keys:
        try:
            answer = client.get_object(store.bucket, key)
        except S3Error:
            continue
        found[key] = hashlib.sha256(answer.read()).hexdigest()
        answer.close()
        answer.release_conn()
    return found
