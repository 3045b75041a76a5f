"""What stands before a route: who is asking, and whether they hold the permission it needs."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bind_contextvars

from lc_workflow.kernel.errors import DomainError, Forbidden
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.db.reading import begins_to_write, only_reads
from lc_workflow.platform.journal.origin import SESSION
from lc_workflow.platform.security.remembered import SAFE, Remembered
from lc_workflow.platform.security.tokens import SessionEnded, TokenMissing, Tokens

PUBLIC: Final = "public"
"""The `opt` key that opens a route to people who have not signed in."""

ALARMING: Final = "alarming"
"""The `opt` key of a route some of whose refusals concern security: says which."""

ABOUT: Final = "about"
"""The `opt` key of an alarming route whose path names no application: an `About` that finds it."""

SESSION_COOKIE: Final = "lc_session"
REFRESH_COOKIE: Final = "lc_refresh"
CSRF_COOKIE: Final = "lc_csrf"

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""The methods with a body, which may take its time to arrive."""

OpenSession: TypeAlias = Callable[[Any, Scope], AsyncSession]

About: TypeAlias = Callable[[AsyncSession, Mapping[str, Any]], Awaitable[UUID | None]]
"""Finds the application that the parameters of a path are about."""


class CsrfTokenWrong(Forbidden):
    """The request came with cookies but without proof that it was sent by a page of ours."""


class OriginNotAllowed(Forbidden):
    """The request comes from a page of another site."""


class NotPermitted(Forbidden):
    """The person does not hold the permission this needs."""


class Permitted:
    """A guard that asks for one of some permissions; `permissions` is read by the documentation and the layout test.

    It is asynchronous because Litestar sends synchronous guards through a thread.
    """

    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    async def __call__(self, connection: ASGIConnection[Any, Principal, Any, Any], _: BaseRouteHandler) -> None:
        """Let holders of one of the permissions through.

        Raises:
            NotPermitted: The person holds none of them.
        """
        if not _only_asks_how(connection):
            self.check(connection.user)

    def check(self, principal: Principal) -> None:
        """Let holders of one of the permissions go on.

        Raises:
            NotPermitted: The person holds none of them.
        """
        if not any(principal.may(permission) for permission in self.permissions):
            raise NotPermitted(f"This needs the permission {' or '.join(self.permissions)}, which you do not have.")


def requires(*permissions: str) -> Permitted:
    """Open a route to holders of the permission, or of any one of several."""
    return Permitted(*permissions)


async def signed_in(connection: ASGIConnection[Any, Principal, Any, Any], _: BaseRouteHandler) -> None:
    """Open a route to everyone who is signed in; the middleware has made sure of that already."""
    if not _only_asks_how(connection):
        assert isinstance(connection.user, Principal)  # noqa: S101 - guards the wiring, not a client


def _only_asks_how(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether it is an OPTIONS request, which has no token and only learns the methods of a path."""
    return connection.scope.get("method") == "OPTIONS"


class ReadToken(ASGIMiddleware):
    """Checks the token's signature, without asking the database, so that limits can count by person."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Leave the claims, or the refusal, in the connection's state."""
        try:
            token, by_cookie = _token(scope)
            claims = self._tokens.read(token, at=self._clock())
            if by_cookie and scope["type"] == ScopeType.HTTP and scope["method"] not in SAFE:
                check_csrf(scope, self._tokens, claims.session_id)
            scope["state"]["claims"] = claims
            scope["state"]["subject"] = str(claims.subject)
        except DomainError as refusal:
            scope["state"]["claims"] = refusal
        await next_app(scope, receive, send)


class Authenticate(ASGIMiddleware):
    """Loads the person behind the claims, with their account and rights as they are now.

    For reading, a person may be remembered from an earlier request; for changing, the database is asked each time.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = PUBLIC

    def __init__(self, remembered: Remembered, open_session: OpenSession, clock: Clock) -> None:
        self._remembered = remembered
        self._open_session = open_session
        self._clock = clock

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Refuse ended sessions and inactive accounts; the methods of a path are no secret."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "OPTIONS":
            await next_app(scope, receive, send)
            return
        claims = scope["state"]["claims"]
        if isinstance(claims, DomainError):
            raise claims
        session = self._open_session(scope["litestar_app"].state, scope)
        method = scope.get("method")
        if method in SAFE | WITH_BODY:
            only_reads(session)
        principal = await self._remembered.find(session, claims, self._clock(), anew=method not in SAFE)
        if principal is None:
            raise SessionEnded("This session has ended; sign in again.")
        if method in WITH_BODY:
            await begins_to_write(session)  # others get the connection while the body arrives
        scope["user"] = principal
        scope["auth"] = claims
        bind_contextvars(user_id=str(principal.id))
        SESSION.set(principal.session_id)
        await next_app(scope, receive, send)


def check_page(connection: ASGIConnection[Any, Any, Any, Any], origins: Collection[str]) -> None:
    """Refuse a page of another site; whoever names no origin is no browser.

    A form that any site posts needs no preflight, and would sign a browser in to an account of that site's choosing.

    Raises:
        OriginNotAllowed: The page is not ours.
    """
    if "origin" in connection.headers and not is_our_page(connection, origins):
        raise OriginNotAllowed("Pages of this origin may not call here.")


def is_our_page(connection: ASGIConnection[Any, Any, Any, Any], origins: Collection[str]) -> bool:
    """Whether `Origin`, which no script can change, names a page of this host or of the `origins`."""
    origin = connection.headers.get("origin", "")
    host = origin.partition("://")[2]
    return bool(host) and (host == connection.headers.get("host") or origin in origins or "*" in origins)


def check_csrf(scope: Scope, tokens: Tokens, session_id: UUID) -> None:
    """Accept a change made with cookies only with the header that a page of ours sends along.

    Raises:
        CsrfTokenWrong: It is missing, or belongs to another session.
    """
    sent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-csrf-token"), "")
    if not tokens.is_csrf_of(session_id, sent):
        raise CsrfTokenWrong("Send the value of the cookie lc_csrf along in the header X-CSRF-Token.")


def cookie(scope: Scope, name: str) -> str | None:
    """Read one cookie."""
    for key, value in scope["headers"]:
        if key == b"cookie":
            for part in value.decode("latin-1").split(";"):
                own, _, text = part.strip().partition("=")
                if own == name and text:
                    return text
    return None


def token_of(scope: Scope) -> str:
    """The token of a connection whose route checks it itself.

    Raises:
        TokenMissing: There is none.
    """
    return _token(scope)[0]


def _token(scope: Scope) -> tuple[str, bool]:
    """The token from `Authorization: Bearer …`, or else from the cookie, and whether it was the cookie."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                return token.strip(), False
            raise TokenMissing("Sign in first: this needs an access token.")
    if token_in_cookie := cookie(scope, SESSION_COOKIE):
        return token_in_cookie, True
    raise TokenMissing("Sign in first: this needs an access token.")
