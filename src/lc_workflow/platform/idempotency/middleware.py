"""Answers a repeated request with the answer that the first one got (`Idempotency-Key`)."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Busy, Invalid, TooLarge
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.idempotency.models import RememberedRequest
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.journal.models import JournalEntry

HEADER: Final = b"idempotency-key"
REPLAYED: Final = (b"idempotent-replay", b"true")
KEPT_FOR: Final = timedelta(hours=24)
IN_FLIGHT_FOR: Final = timedelta(seconds=90)
"""After this time a request without an answer was lost with its process: no client waits that long."""

LONGEST_KEY: Final = 200
LARGEST_ANSWER: Final = 1_000_000
"""Bytes of an answer that are remembered; creating something answers much less."""

WORTH_KEEPING: Final = frozenset(
    {"content-type", "content-encoding", "vary", "etag", "location", "content-disposition"}
)

log = structlog.get_logger()

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]


class KeyUsedOtherwise(Invalid):
    """The key came before, with another request."""


class BadKey(Invalid):
    """The key is empty, too long, or not plain text."""


class InFlight(Busy):
    """The first request with this key has not been answered yet."""


class AnswerLost(Invalid):
    """The first request did its work, and its answer was lost; doing it again would do it twice."""


class Idempotency(ASGIMiddleware):
    """Stands behind the middleware that knows the person, and looks at POST requests with a key and a JSON body.

    The key is written down before the work begins. Only answers of success are remembered: a refusal has changed
    nothing, so the key is free again and a corrected request may use it. When a process dies in between, the journal
    tells whether the work was done.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, open_session: OpenSession, clock: Clock, *, most_bytes: int) -> None:
        self._open_session = open_session
        self._clock = clock
        self._most_bytes = most_bytes

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer again what was answered, or let the request through and remember its answer."""
        key = _key(scope)
        person = scope.get("user")
        if key is None or person is None or scope["type"] != ScopeType.HTTP:
            await next_app(scope, receive, send)
            return
        body, messages = await _whole(receive, self._most_bytes)
        digest = sha256(b"\n".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)))
        request_id = str(scope["state"].get("request_id") or uuid4().hex)
        known = await self._begin(person.id, key, digest.digest(), request_id)
        if known is not None:
            await _answer(known, send)
            return
        answer = _Overheard(send)
        try:
            await next_app(scope, _again(messages, receive), answer.send)
        finally:
            try:
                await self._end(person.id, key, answer)
            except (SQLAlchemyError, OSError) as cause:  # the answer is on its way already
                log.warning("an answer could not be remembered", cause=type(cause).__name__)

    async def _begin(self, person_id: UUID, key: str, digest: bytes, request_id: str) -> RememberedRequest | None:
        """Write the key down; answers the finished request that had it before.

        Raises:
            KeyUsedOtherwise: That was another request.
            InFlight: It has not been answered yet.
            AnswerLost: It did its work, and nobody knows its answer.
        """
        now = self._clock()
        row = {"id": uuid4(), "person_id": person_id, "key": key, "digest": digest, "request_id": request_id}
        async with self._open_session() as session:
            written = await session.scalar(
                insert(RememberedRequest)
                .values(**row, begun_at=now)
                .on_conflict_do_update(
                    index_elements=["person_id", "key"],
                    set_={**row, "begun_at": now, "status": None, "headers": None, "body": None},
                    where=RememberedRequest.begun_at <= now - KEPT_FOR,
                )
                .returning(RememberedRequest.id)
            )
            if written is not None:
                await session.commit()
                return None
            known = (await session.scalars(select(RememberedRequest).where(*_is(person_id, key)))).one_or_none()
            if known is None:  # released in this very moment
                raise InFlight("The same request was just refused; send it again.", retry_after=1)
            if known.digest != digest:
                raise KeyUsedOtherwise("This idempotency key came before with another request; use a new one.")
            if known.status is not None:
                return known
            await self._take_over(session, known, now, request_id)
            return None

    async def _take_over(self, session: AsyncSession, known: RememberedRequest, now: datetime, request_id: str) -> None:
        """Go on for a process that died before it did anything."""
        if known.begun_at > now - IN_FLIGHT_FOR:
            raise InFlight("The same request is being worked on; ask again in a moment.", retry_after=1)
        done = exists().where(
            JournalEntry.request_id == known.request_id,
            JournalEntry.actor_id == known.person_id,
            JournalEntry.at >= known.begun_at,
        )
        if await session.scalar(select(done)):
            raise AnswerLost("This request was carried out and its answer was lost; look for what it made.")
        taken = await session.scalar(
            update(RememberedRequest)
            .where(RememberedRequest.id == known.id, RememberedRequest.begun_at == known.begun_at)
            .values(begun_at=now, request_id=request_id)
            .returning(RememberedRequest.id)
        )
        await session.commit()
        if taken is None:
            raise InFlight("The same request is being worked on; ask again in a moment.", retry_after=1)

    async def _end(self, person_id: UUID, key: str, answer: "_Overheard") -> None:
        """Remember the answer of a success; let go of the key after anything else."""
        async with self._open_session() as session:
            if answer.is_success:
                await session.execute(
                    update(RememberedRequest)
                    .where(*_is(person_id, key))
                    .values(status=answer.status, headers=answer.headers, body=bytes(answer.body))
                )
            elif answer.is_refusal:
                await session.execute(delete(RememberedRequest).where(*_is(person_id, key)))
            else:  # nobody knows what was done; the next one asks the journal, and need not wait
                await session.execute(
                    update(RememberedRequest).where(*_is(person_id, key)).values(begun_at=self._clock() - IN_FLIGHT_FOR)
                )
            await session.commit()


class _Overheard:
    """Sends an answer on, and keeps it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self._whole = False

    @property
    def is_success(self) -> bool:
        """Whether all of an answer of success was heard."""
        return self._whole and 200 <= self.status < 300 and len(self.body) <= LARGEST_ANSWER  # noqa: PLR2004

    @property
    def is_refusal(self) -> bool:
        """Whether the answer says that nothing was done; of a mistake of ours nobody knows that."""
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


async def forget_requests(place: Workplace) -> None:
    """Let go of keys after a day."""
    async with place.sessions() as session:
        await session.execute(delete(RememberedRequest).where(RememberedRequest.begun_at <= place.clock() - KEPT_FOR))
        await session.commit()


FORGET_REQUESTS: Final = Job(name="forget_requests", work=forget_requests, every="40 * * * *")


def _key(scope: Scope) -> str | None:
    """Read the key of a request that is looked at."""
    if scope["type"] != ScopeType.HTTP or scope["method"] != "POST":
        return None
    headers = dict(scope["headers"])
    raw = headers.get(HEADER)
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if raw is None or (kind and not kind.endswith(b"json")):
        return None
    key = raw.decode("latin-1").strip()
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadKey(f"An idempotency key is 1 to {LONGEST_KEY} plain characters.")
    return key


def _is(person_id: UUID, key: str) -> tuple[Any, Any]:
    return RememberedRequest.person_id == person_id, RememberedRequest.key == key


async def _whole(receive: Receive, most_bytes: int) -> tuple[bytes, list[Any]]:
    """Read the whole body.

    Raises:
        TooLarge: It has more than `most_bytes`.
    """
    messages: list[Any] = []
    body = bytearray()
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            return bytes(body), messages
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise TooLarge(f"The body has more than {most_bytes} bytes.")
        if not message.get("more_body", False):
            return bytes(body), messages


def _again(messages: Iterable[Any], receive: Receive) -> Receive:
    """Give the messages that were read once more, and then what comes."""
    left = iter(messages)

    async def give() -> Any:  # noqa: ANN401 - a message of either kind
        return next(left, None) or await receive()

    return give


async def _answer(known: RememberedRequest, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (known.headers or {}).items()]
    body = known.body or b""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": known.status or 200, "headers": [*headers, length, REPLAYED]})
    await send({"type": "http.response.body", "body": body, "more_body": False})
