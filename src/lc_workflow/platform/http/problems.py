"""The one place where a refusal becomes an HTTP status: RFC 9457 problems with a sentence in `detail`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from errno import errorcode
from http import HTTPStatus
from typing import Any, ClassVar, Final, TypeAlias, cast

import asyncpg
import structlog
from advanced_alchemy.exceptions import NotFoundError
from litestar import Request
from litestar.enums import ScopeType
from litestar.exceptions import (
    ClientException,
    HTTPException,
    InternalServerException,
    ValidationException,
    WebSocketException,
)
from litestar.types import Empty, ExceptionHandlersMap, Scope
from litestar.typing import FieldDefinition
from litestar.utils.scope.state import ScopeState
from msgspec import UNSET, Struct, UnsetType, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm.exc import StaleDataError

from lc_workflow.kernel.errors import (
    Busy,
    DomainError,
    FailedBefore,
    FieldError,
    Forbidden,
    Invalid,
    Locked,
    Missing,
    Stale,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.database import Refusals, database_refusal
from lc_workflow.platform.http.fields import IS_NEEDED, InvalidInput, cannot_take, field_errors, spoken
from lc_workflow.platform.http.requests import parameter_name

AnyRequest: TypeAlias = Request[Any, Any, Any]

MEDIA_TYPE: Final = "application/problem+json"
UNFORESEEN: Final = "Something went wrong on our side. The request id helps us to find out what."

STATUSES: Final[Mapping[type[DomainError], int]] = {
    Missing: 404,
    Forbidden: 403,
    Invalid: 422,
    Stale: 412,
    FailedBefore: 424,
    Unauthenticated: 401,
    Locked: 423,
    TooLarge: 413,
    TooMany: 429,
    Busy: 409,
    Unavailable: 503,
}
AGAIN_AFTER: Final[Mapping[type[DomainError], int]] = {TooMany: 1, Busy: 1, Unavailable: 5}
"""Seconds to wait when the refusal itself does not say."""

_OF_LITESTAR: Final = {
    400: (422, "MalformedRequest", "The request cannot be read."),
    401: (401, "Unauthenticated", "Sign in first."),
    403: (403, "Forbidden", "You may not do this."),
    404: (404, "NoSuchPath", "There is nothing at this address."),
    405: (405, "MethodNotAllowed", "This address does not take this method."),
    413: (413, "TooLarge", "The body is larger than this address takes."),
    415: (415, "UnsupportedMediaType", "This address does not take a body of this type."),
    429: (429, "TooMany", "Too many requests; wait a moment."),
    503: (503, "Unavailable", "A part this needs is down; try again later."),
}
_PHRASES: Final = frozenset(status.phrase for status in HTTPStatus)
_MISSING: Final = re.compile(r"Missing required (?P<source>\w+) parameter '(?P<name>[^']+)'")
_CLIENT_LEFT: Final = "client disconnected prematurely"

_log = structlog.stdlib.get_logger()


class Problem(Struct, kw_only=True, frozen=True):
    """The body of every answer from 400 on; the web app shows `detail` as it is.

    `version` comes with a 412: the version that the thing has now.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "Some fields cannot be taken as they are.",
        "code": "InvalidInput",
        "request_id": "4f0c7a1be2d94a53b7a4",
        "errors": [{"field": "requested_amount", "msg": "must be a number", "loc": "body"}],
    }

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: tuple[FieldError, ...] = ()
    version: int | UnsetType = UNSET


def exception_handlers(refusals: Refusals) -> ExceptionHandlersMap:
    """Build Litestar's exception handlers; `refusals` names the constraints of the database."""

    def of_database(request: AnyRequest, error: Exception) -> Answer[Problem]:
        refusal = database_refusal(error, refusals)
        return unforeseen(request, error) if refusal is None else refused(request, refusal)

    return {
        DomainError: refused,
        InvalidInput: unfit,
        ValidationException: misfitting,
        InternalServerException: mistaken,
        HTTPException: refused_by_litestar,
        DBAPIError: of_database,
        PoolExhausted: of_database,
        StaleDataError: of_database,
        NotFoundError: of_database,
        asyncpg.PostgresError: of_database,
        asyncpg.InterfaceError: of_database,
        asyncpg.InternalClientError: of_database,
        OSError: of_database,
        Exception: unforeseen,
    }


def problem(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    version: int | None = None,
) -> Problem:
    """Describe a refusal of this request."""
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        request_id=str(scope.get("state", {}).get("request_id", "")),
        errors=tuple(errors),
        version=UNSET if version is None else version,
    )


def refused(request: AnyRequest, refusal: DomainError) -> Answer[Problem]:
    """Answer with the refusal of a rule or a service; why a part is down goes to the log, for the operators."""
    kind = next((kind for kind in type(refusal).__mro__ if kind in STATUSES), Invalid)
    if kind is Unavailable and (cause := refusal.__cause__) is not None:
        _log.warning("a part is out of reach", refusal=refusal.detail, cause=_named(cause))
    headers = {}
    if kind is Unauthenticated:
        headers["WWW-Authenticate"] = "Bearer"
    if wait := refusal.retry_after or AGAIN_AFTER.get(kind):
        headers["Retry-After"] = str(wait)
    version = refusal.version if isinstance(refusal, Stale) else None
    told = problem(request.scope, STATUSES[kind], refusal.code, refusal.detail, errors=refusal.errors, version=version)
    return _answer(told, headers)


def _named(cause: BaseException) -> str:
    """Name a failure by its kind and code; its message may hold private data."""
    number = getattr(cause, "errno", None)
    code = getattr(cause, "code", None) or (errorcode.get(number) if isinstance(number, int) else None)
    return f"{type(cause).__name__} {code or ''}".strip()


def problem_of(request: AnyRequest, error: Exception) -> Problem:
    """Say how one part of a request would be answered if it came alone."""
    handlers = request.app.exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    told: Problem = handler(request, error).content
    return told


def unfit(request: AnyRequest, refusal: InvalidInput) -> Answer[Problem]:
    """Answer to a body refused by one of its own parts, which does not know its place in the body."""
    about_body = _sent(request) is not Empty and all(error.loc == "body" for error in refusal.errors)
    found = _errors_of_body(request) if about_body else []
    return refused(request, cannot_take(found) if found else refusal)


def misfitting(request: AnyRequest, error: ValidationException) -> Answer[Problem]:
    """Answer to malformed parameters or a malformed body: 422, with every wrong field."""
    return refused(request, cannot_take(_field_errors(request, error)))


def mistaken(request: AnyRequest, error: InternalServerException) -> Answer[Problem]:
    """Answer to what Litestar takes for a mistake of ours.

    A body field with the name of a dependency (a quote's `principal`) is still the client's mistake.
    """
    cause = error.__cause__
    if isinstance(cause, ValidationError) and "at `$.data" in str(cause) and (found := _errors_of_body(request)):
        return refused(request, cannot_take(found))
    return refused_by_litestar(request, error)


def refused_by_litestar(request: AnyRequest, error: HTTPException) -> Answer[Problem]:
    """Answer to what the framework refuses before our code runs: path, method, size, type."""
    if error.detail == _CLIENT_LEFT:
        return _answer(problem(request.scope, 400, "ClientLeft", "The body ended before it was complete."))
    if error.status_code not in _OF_LITESTAR:
        return unforeseen(request, error)
    status, code, sentence = _OF_LITESTAR[error.status_code]
    headers = {name.title(): text for name, text in (error.headers or {}).items()}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if "Allow" in headers:
        headers["Allow"] = ", ".join(with_head(headers["Allow"].split(", ")))
    detail = sentence if error.detail in _PHRASES else error.detail
    return _answer(problem(request.scope, status, code, detail), headers)


def unforeseen(request: AnyRequest, error: Exception) -> Answer[Problem]:
    """Answer to a mistake of ours: the exception's text and traceback stay in the log."""
    _log.error("unforeseen error", exc_info=error)
    return _answer(problem(request.scope, 500, "UnforeseenError", UNFORESEEN))


def with_head(methods: Iterable[str]) -> list[str]:
    """Add HEAD, which the shell derives from GET, and sort the methods."""
    return sorted({*methods, *(["HEAD"] if "GET" in methods else ())})


async def log_broken_socket(error: Exception, scope: Scope) -> None:
    """Log why a socket broke; Litestar closes it without a word (`after_exception`)."""
    foreseen = WebSocketException | ClientException | DomainError
    if scope["type"] == ScopeType.WEBSOCKET and not isinstance(error, foreseen):
        _log.error("unforeseen error", exc_info=error)


def _field_errors(request: AnyRequest, error: ValidationException) -> list[FieldError]:
    """Use Litestar's list for parameters, and check the whole body ourselves."""
    if missing := _MISSING.match(error.detail):
        return [FieldError(missing["name"], IS_NEEDED, missing["source"])]
    known = dict(_parameters(request))
    listed, body = [], []
    for entry in cast("list[dict[str, Any]]", error.extra or []):
        key, source = entry.get("key", "data"), entry.get("source")
        if key == "data" or source == "body":
            body.append(FieldError("body" if key == "data" else key, spoken(entry["message"])))
        else:
            loc = getattr(source, "value", source) or "query"
            field = known.get(key)
            name, kind = (parameter_name(field), field.annotation) if field else (key, None)
            listed.append(FieldError(name, spoken(entry["message"], kind), loc))
    return [*listed, *((_errors_of_body(request) or body) if body else ())]


def _errors_of_body(request: AnyRequest) -> list[FieldError]:
    sent, data = _sent(request), request.route_handler.parsed_data_field
    if sent is Empty:
        return [FieldError("body", IS_NEEDED)]
    return field_errors(sent, data.annotation) if data else []


def _sent(request: AnyRequest) -> Any:
    """The body as far as it was read, or `Empty`."""
    state = ScopeState.from_scope(request.scope)
    return state.json if state.form is Empty else state.form


def _parameters(request: AnyRequest) -> Iterator[tuple[str, FieldDefinition]]:
    handler = request.route_handler
    for provider in handler.resolve_dependencies().values():
        yield from provider.parsed_fn_signature.parameters.items()
    yield from handler.parsed_fn_signature.parameters.items()


def _answer(body: Problem, headers: Mapping[str, str] | None = None) -> Answer[Problem]:
    return Answer(body, status_code=body.status, media_type=MEDIA_TYPE, headers=headers)
