"""What surrounds the whole app: the request id, the log line, security and CORS headers, and the last safety net."""

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from secrets import token_hex
from time import perf_counter
from typing import Final
from urllib.parse import unquote_to_bytes

import structlog
from granian.utils.proxies import wrap_asgi_with_proxy_headers
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send
from structlog.contextvars import bound_contextvars

from lc_workflow.platform.http.answers import ENCODER
from lc_workflow.platform.http.cors import Cors, Headers
from lc_workflow.platform.http.problems import MEDIA_TYPE, UNFORESEEN, Problem, problem, with_head
from lc_workflow.platform.journal.origin import ADDRESS, SESSION, UNSEEN
from lc_workflow.platform.stopping import Departure
from lc_workflow.platform.watching.metrics import answered, socket_closed, socket_opened

UNMATCHED: Final = "(no such path)"
"""Logged in place of a path that no route knows, because such a path may hold a token."""

API_POLICY: Final = b"default-src 'none'; frame-ancestors 'none'"
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", API_POLICY),
    (b"cache-control", b"no-store"),
)
"""Each is set only where the answer does not carry its own."""
STAY_ON_HTTPS: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
RESTARTING: Final = "The server restarts and could not finish this; look whether it was done, and try again."
LAST_HERE: Final = (b"connection", b"close")
"""On answers of a process that is ending, so that the client sends its next request over a new connection."""
MOST_UNREAD: Final = 4_000_000
"""How many bytes of an unwanted body are still read before the answer."""
READ_ON_SECONDS: Final = 1.0
"""How long that may take: a slow sender must not hold up the answer."""
INTERNAL_ERROR: Final = 1011
POLICY_VIOLATION: Final = 1008
MAPPED: Final = "::ffff:"
"""The prefix of an IPv4 address written as IPv6."""

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

_log = structlog.stdlib.get_logger()


class Shell:
    """Wraps the app's handler; every request and answer passes through here.

    `trusted_proxies` are the addresses or networks whose `X-Forwarded-*` headers are believed; with none, the
    connection itself says who calls.
    """

    def __init__(self, app: ASGIApp, *, cors: Cors, departure: Departure, trusted_proxies: Iterable[str] = ()) -> None:
        self._app = app
        self._cors = cors
        self._departure = departure
        trusted = [*trusted_proxies]
        self._entrance = wrap_asgi_with_proxy_headers(self._enter, trusted) if trusted else self._enter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        _name_once(scope)
        await self._entrance(scope, receive, send)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent_id = _header(scope, b"x-request-id") or b""
        request_id = sent_id.decode("latin-1")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = token_hex(16)
        scope.setdefault("state", {})["request_id"] = request_id
        _name_once(scope)
        ADDRESS.set(client[0] if (client := scope.get("client")) else None)
        SESSION.set(None)
        UNSEEN.set(scope.get("method") == "HEAD")
        visit = _Visit(scope, receive, send, self._cors, self._departure)
        if scope["type"] == ScopeType.WEBSOCKET:
            socket_opened()
        with self._departure.visit(), bound_contextvars(request_id=request_id):
            try:
                if not await visit.refused():
                    await self._app(scope, visit.receive, visit.send)
            except asyncio.CancelledError:
                if not self._departure.asked or not await visit.break_off():
                    raise
            except Exception:
                _log.exception("unforeseen error")
                if not await visit.apologise():
                    raise
            finally:
                visit.log()
                if scope["type"] == ScopeType.WEBSOCKET:
                    socket_closed()


class _Visit:
    """One request or socket as it passes the shell."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, cors: Cors, departure: Departure) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._cors = cors
        self._departure = departure
        self._began = perf_counter()
        self._origin = _header(scope, b"origin")
        self._outcome = 0
        """The answer's status or the socket's close code; 0 while there is none."""
        self._method = scope.get("method", "")
        self._unread = _announced(scope)
        """How many bytes of the body are still to come; 0 where nobody said how many."""
        if self._method == "HEAD":
            scope["method"] = "GET"  # type: ignore[typeddict-unknown-key]  # the same answer, without its body

    async def receive(self) -> ReceiveMessage:
        """Pass on what the client sends, and note when a socket is closed from there."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._outcome = self._outcome or message.get("code", 1005)
        elif message["type"] == "http.request":
            self._unread = max(0, self._unread - len(message.get("body", b""))) if message.get("more_body") else 0
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the app answers, with the headers every answer has."""
        if message["type"] == "http.response.start":
            await self._read_on()
            self._outcome = message["status"]
            own = list(message.get("headers", ()))
            if self._method == "OPTIONS" and "path_template" in self._scope:
                own = [(b"allow", _methods(self._scope)), *(header for header in own if header[0].lower() != b"allow")]
            message["headers"] = [*own, *self._further_headers(own)]
        elif message["type"] == "http.response.body" and self._method == "HEAD":
            message["body"] = b""
        elif message["type"] == "websocket.close":
            self._outcome = message.get("code", 1000)
        await self._send(message)

    async def _read_on(self) -> None:
        """Read the rest of a refused body: a server that answers in the middle of it breaks the connection.

        The client would then report a network failure instead of the reason for the refusal.
        """
        if not 0 < self._unread <= MOST_UNREAD:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_ON_SECONDS):
                while self._unread and (await self.receive())["type"] == "http.request":
                    pass

    async def refused(self) -> bool:
        """Answer what must not reach the app: preflights, and addresses that are not text."""
        if not _is_text(self._scope):
            if self._scope["type"] == ScopeType.WEBSOCKET:
                await self.send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "Unreadable address"})
            else:
                sentence = "The address holds characters that cannot be read; it must be UTF-8 without NUL."
                await self._answer(problem(self._scope, 422, "MalformedRequest", sentence))
            return True
        asked = _header(self._scope, b"access-control-request-method")
        if self._method != "OPTIONS" or self._origin is None or asked is None:
            return False
        if self._cors.allows(self._origin):
            await self.send({"type": "http.response.start", "status": 204, "headers": self._cors.of_preflight()})
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._answer(problem(self._scope, 403, "OriginNotAllowed", "Pages of this origin may not call here."))
        return True

    async def apologise(self) -> bool:
        """Answer an exception nobody caught; when an answer has already begun, the connection must break."""
        if self._outcome:
            return False
        if self._scope["type"] == ScopeType.WEBSOCKET:
            await self.send({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": "Internal error"})
        else:
            await self._answer(problem(self._scope, 500, "UnforeseenError", UNFORESEEN))
        return True

    async def break_off(self) -> bool:
        """Answer what is cut off because the process ends, unless an answer has begun already, as in `apologise`."""
        if self._scope["type"] == ScopeType.WEBSOCKET:
            return True
        if self._outcome:
            return False
        self._unread = 0  # whoever still sends was waited for long enough
        await self._answer(problem(self._scope, 503, "Restarting", RESTARTING), (b"retry-after", b"5"))
        return True

    def log(self) -> None:
        """Count this request and write its one line: never its query, never a path that no route knows."""
        took = perf_counter() - self._began
        if self._scope["type"] == ScopeType.HTTP:
            answered(str(self._scope.get("path_template", UNMATCHED)), str(self._method), self._outcome, took)
        _log.info(
            "request" if self._scope["type"] == ScopeType.HTTP else "socket",
            method=self._method or "WEBSOCKET",
            path=self._scope.get("path_template", UNMATCHED),
            status=self._outcome,
            milliseconds=round(took * 1_000, 1),
            user_id=self._scope["state"].get("subject"),
        )

    async def _answer(self, body: Problem, *further: tuple[bytes, bytes]) -> None:
        headers = [(b"content-type", MEDIA_TYPE.encode()), *further]
        await self.send({"type": "http.response.start", "status": body.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": ENCODER.encode(body), "more_body": False})

    def _further_headers(self, own: Iterable[tuple[bytes, bytes]]) -> Headers:
        names = {name.lower() for name, _ in own}
        state = self._scope["state"]
        return [
            *(header for header in SECURITY_HEADERS if header[0] not in names),
            *([STAY_ON_HTTPS] if self._scope["scheme"] == "https" else []),
            *([LAST_HERE] if self._departure.asked and self._scope["http_version"].startswith("1") else []),
            *self._cors.of_answer(self._origin),
            (b"vary", b"Origin"),
            (b"x-request-id", state["request_id"].encode()),
            *state.get("answer_headers", ()),
        ]


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


def _name_once(scope: Scope) -> None:
    """Write an IPv4 client by its plain address when the server listens on IPv6 (`HOST=::`) and prefixes `::ffff:`.

    Proxies, blocks and rate limits use the plain form; the limits would count all of IPv4 as one network.
    """
    host, port = scope.get("client") or ("", 0)
    if host.lower().startswith(MAPPED) and "." in host:
        scope["client"] = (host[len(MAPPED) :], port)


def _announced(scope: Scope) -> int:
    """Read the length of the body, where the client states it."""
    length = _header(scope, b"content-length") or b""
    return int(length) if length.isdigit() else 0


def _methods(scope: Scope) -> bytes:
    """List the methods of a path; Litestar's own OPTIONS answer misses handlers registered later."""
    known = [route for route in scope["litestar_app"].routes if isinstance(route, HTTPRoute)]
    methods = {name for route in known if route.path_format == scope["path_template"] for name in route.methods}
    return ", ".join(with_head(methods)).encode()


def _is_text(scope: Scope) -> bool:
    """Whether path and query are UTF-8 without NUL; the server has already replaced what is not, in `path`."""
    try:
        path = unquote_to_bytes(scope["raw_path"]).decode()
        query = unquote_to_bytes(scope["query_string"].replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return False
    return "\0" not in path and "\0" not in query
