"""Answers a repeated request with the answer that the first one got (`Idempotency-Key`)."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any, Final
from uuid import UUID, uuid4

import brotli  # type: ignore[import-untyped]  # the library brings no types
import structlog
from litestar import Request
from litestar.enums import RequestEncodingType, ScopeType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.clock import Clock
from lc_workflow.platform.idempotency.keys import IN_FLIGHT_FOR, Keys, check_key
from lc_workflow.platform.idempotency.models import RememberedRequest

HEADER: Final = b"idempotency-key"
REPLAYED: Final = (b"idempotent-replay", b"true")
AGAIN_EVERY: Final = timedelta(seconds=0.5)
"""How often settling a key is tried again while the database is gone."""

IN_MEMORY: Final = 1_000_000
"""Bytes of a body held in memory; the rest of a larger body, an upload, goes to a temporary file."""
CHUNK: Final = 65_536

LARGEST_ANSWER: Final = 1_000_000
"""Bytes of an answer that are remembered; answers to creating something are much smaller."""

WORTH_KEEPING: Final = frozenset(
    {"content-type", "content-encoding", "vary", "etag", "location", "content-disposition"}
)

DECODED: Final[dict[str, Callable[[bytes], bytes]]] = {"br": brotli.decompress, "gzip": gzip.decompress}
"""The encoding to undo before an answer is repeated, because the client that repeats may not accept it."""

log = structlog.get_logger()

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class Idempotency(ASGIMiddleware):
    """Middleware behind the sign-in: handles POST requests with a key and JSON or a form.

    What becomes of a key is decided by `Keys`.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, open_session: OpenSession, clock: Clock) -> None:
        self._open_session = open_session
        self._clock = clock
        self._settling: set[asyncio.Task[None]] = set()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Repeat the answer given before, or let the request through and remember its answer."""
        key = _key(scope)
        person = scope.get("user")
        if key is None or person is None or scope["type"] != ScopeType.HTTP:
            await next_app(scope, receive, send)
            return
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            digest, end = await _read(scope, receive, body)
            await self._once(scope, _again(body, end, receive), send, next_app, key=key, digest=digest)

    async def _once(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp, *, key: str, digest: bytes
    ) -> None:
        person = scope["user"]
        request_id = str(scope["state"].get("request_id") or uuid4().hex)
        async with self._open_session() as session:
            known = await Keys(session, person.id, self._clock).begin(key, digest, request_id=request_id)
        if known is not None:
            await _answer(known, send, accepted=dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1"))
            return
        answer = _Overheard(send)
        try:
            await next_app(scope, receive, answer.send)
        finally:
            settle = partial(self._settle, person.id, key, request_id, answer)
            try:
                await settle()
            except (SQLAlchemyError, OSError) as cause:  # the answer is on its way already
                log.warning("an answer is remembered as soon as the database is back", cause=type(cause).__name__)
                task = asyncio.create_task(_keep_trying(settle))
                self._settling.add(task)
                task.add_done_callback(self._settling.discard)

    async def _settle(self, person_id: UUID, key: str, request_id: str, answer: "_Overheard") -> None:
        """Remember a successful answer; release the key after any other."""
        async with self._open_session() as session:
            keys = Keys(session, person_id, self._clock, settles=request_id)
            if answer.is_success:
                await keys.remember(key, status=answer.status, headers=answer.headers, body=bytes(answer.body))
            elif answer.is_refusal:
                await keys.free(key)
            else:
                await keys.leave_open(key)


class _Overheard:
    """Sends an answer on, and keeps a copy."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self._whole = False

    @property
    def is_success(self) -> bool:
        """Whether the whole of a successful answer was seen."""
        return self._whole and 200 <= self.status < 300 and len(self.body) <= LARGEST_ANSWER  # noqa: PLR2004

    @property
    def is_refusal(self) -> bool:
        """Whether the answer says that nothing was done; after a 500 nobody knows."""
        return 400 <= self.status < 500  # noqa: PLR2004

    async def send(self, message: Message) -> None:
        """Keep what is worth keeping, and send it on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            found = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"])
            self.headers = {name: value for name, value in found if name in WORTH_KEEPING}
        elif message["type"] == "http.response.body":
            if len(self.body) <= LARGEST_ANSWER:
                self.body += message.get("body", b"")
            self._whole = not message.get("more_body", False)
        await self._send(message)


async def _keep_trying(settle: Callable[[], Awaitable[None]]) -> None:
    """Settle a key once the database is back; until then a repeated request is told that it is in flight."""
    for _ in range(round(IN_FLIGHT_FOR / AGAIN_EVERY)):
        await asyncio.sleep(AGAIN_EVERY.total_seconds())
        with suppress(SQLAlchemyError, OSError):
            await settle()
            return


def _key(scope: Scope) -> str | None:
    """Read the key of a request that is looked at."""
    if scope["type"] != ScopeType.HTTP or scope["method"] != "POST":
        return None
    headers = dict(scope["headers"])
    raw = headers.get(HEADER)
    return None if raw is None else check_key(raw.decode("latin-1").strip())


async def _read(scope: HTTPScope, receive: Receive, body: SpooledTemporaryFile[bytes]) -> tuple[bytes, Any]:
    """Read the whole body into a file; return the request's digest and the message that ended the body.

    The digest of a form leaves out its boundary, which differs each time it is sent.

    Raises:
        RequestEntityTooLarge: It has more bytes than its route takes; the route says so as it does without a key.
    """
    request = Request[Any, Any, Any](scope)
    kind, options = request.content_type
    boundary = options.get("boundary", "").encode("latin-1") if kind == RequestEncodingType.MULTI_PART else b""
    most = request.route_handler.resolve_request_max_body_size()
    if most is not None and (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    digest = sha256(b"\n".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], b"")))
    held = b""
    while (message := await receive())["type"] == "http.request":
        part = message.get("body", b"")
        body.write(part)
        if most is not None and body.tell() > most:
            raise RequestEntityTooLarge
        held = (held + part).replace(boundary, b"") if boundary else part
        told = max(0, len(held) - len(boundary))  # the rest may be the beginning of a boundary
        digest.update(held[:told])
        held = held[told:]
        if not message.get("more_body", False):
            break
    digest.update(held)
    body.seek(0)
    end = {"type": "http.request", "body": b"", "more_body": False} if message["type"] == "http.request" else message
    return digest.digest(), end


def _again(body: SpooledTemporaryFile[bytes], end: object, receive: Receive) -> Receive:
    """Give what was read once more, and then what comes."""
    ends = iter([end])

    async def give() -> Any:
        if part := body.read(CHUNK):
            return {"type": "http.request", "body": part, "more_body": True}
        return next(ends, None) or await receive()

    return give


async def _answer(known: RememberedRequest, send: Send, *, accepted: str) -> None:
    kept, body = dict(known.headers or {}), known.body or b""
    if (encoding := kept.get("content-encoding")) and encoding not in accepted:
        del kept["content-encoding"]
        body = DECODED[encoding](body)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.items()]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": known.status or 200, "headers": [*headers, length, REPLAYED]})
    await send({"type": "http.response.body", "body": body, "more_body": False})
