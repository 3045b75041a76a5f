"""What the documentation says about each operation: its name, who may call it, and how it can be refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from inspect import cleandoc
from typing import Final

from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    OpenAPIHeader,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Responses,
    Schema,
)
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from lc_workflow.platform.http.problems import MEDIA_TYPE, Problem
from lc_workflow.platform.http.versions import Tagged
from lc_workflow.platform.security.guards import PUBLIC, Permitted

MISSING: Final = 404
"""The refusal after which the others are described."""

REFUSALS: Final = {
    401: "The token is missing, wrong, expired or revoked.",
    403: "The person may not do this, or nobody may from where they call.",
    MISSING: "There is no such thing, or it is not this person's to see.",
    409: "The same is being done at this moment; asking again helps.",
    422: "What was sent cannot be taken; `errors` names each field.",
    429: "Asked too often; `Retry-After` says when to come again.",
    503: "A part this needs is down for the moment; `Retry-After` says when to come again.",
}
"""How any operation can be refused; the body is always a problem (RFC 9457)."""

WHERE_A_PATH_VARIES: Final = {405: "The path leads to another address, which does not take this method."}
WHERE_A_VERSION_IS_MEANT: Final = {412: "It is not the version any more that `If-Match` or the body names."}
WHERE_A_BODY_COMES: Final = {
    413: "More was sent than this address takes.",
    415: "The body is of another type than this address takes.",
}

KEY: Final = Parameter(
    name="Idempotency-Key",
    param_in="header",
    required=False,
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=200, pattern="^[ -~]+$"),
    description="The client's own name for this request. Sent again with the same key and the same content, the"
    " first answer comes again, with `Idempotent-Replay: true`, for 24 hours. Other content is a 422; while the"
    " first is still being worked on it is a 409. After a refusal the key is free again.",
)
"""The header that makes it safe to send a request again when its answer was lost."""

HEADERS: Final[dict[str, OpenAPIHeader | Reference]] = {
    "Idempotent-Replay": OpenAPIHeader(
        schema=Schema(type=OpenAPIType.STRING, const="true"),
        description="There when this is the first answer to the key, come again; nothing was done anew.",
    ),
    "Retry-After": OpenAPIHeader(
        schema=Schema(type=OpenAPIType.INTEGER, minimum=1),
        description="Seconds after which asking again helps.",
    ),
}
"""Headers of answers, which operations refer to."""

TAG: Final = ResponseHeader(
    name="ETag",
    documentation_only=True,
    value="",
    description="The version that is shown. `If-Match` takes it, for a change that is meant for this version only.",
)
"""The header with the version of what an answer shows."""

WAITING_HELPS: Final = ("409", "423", "429", "503")
"""The refusals that say how long to wait."""

_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Described(ReceiveRoutePlugin):
    """Reads the guards of a route's handlers, and the first sentence of their docstrings."""

    def receive_route(self, route: BaseRoute) -> None:
        """Complete the description of a route's handlers."""
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.include_in_schema is not False and "OPTIONS" not in handler.http_methods:
                    _describe(handler)


@dataclass
class WithOurRefusals(Operation):
    """An operation with the refusals it can meet, and without the 400 that Litestar adds: that is a 422 here."""

    def __post_init__(self) -> None:
        """Add the refusals that its parameters, body and guards can lead to."""
        responses = self.responses = self.responses or {}
        responses.pop("400", None)
        parameters = [given for given in self.parameters or () if isinstance(given, Parameter)]
        refusals: dict[int, str] = {}
        if any(given.param_in == "path" for given in parameters):
            refusals |= WHERE_A_PATH_VARIES
        if any(given.name == "If-Match" for given in parameters):
            refusals |= WHERE_A_VERSION_IS_MEANT
        if isinstance(self.request_body, RequestBody):
            refusals |= WHERE_A_BODY_COMES
            for kind in self.request_body.content.values():
                if alone := _without_null(kind.schema):
                    kind.schema = alone
                    self.request_body.required = False
        if isinstance(known := responses.get(str(MISSING)), OpenAPIResponse):
            for status, why in refusals.items():
                responses.setdefault(str(status), OpenAPIResponse(description=why, content=known.content))
        _tell(responses, "Retry-After", WAITING_HELPS)
        self.responses = dict(sorted(responses.items()))
        if self.security == [{}]:
            self.security = []  # the form that code generators understand as a required token


@dataclass
class SentOnce(WithOurRefusals):
    """An operation that happens once, however often it is sent with the same key."""

    def __post_init__(self) -> None:
        """Add the header."""
        super().__post_init__()
        self.parameters = [*(self.parameters or ()), KEY]
        answers = self.responses or {}
        _tell(answers, "Idempotent-Replay", [status for status in answers if status.startswith("2")])


def operation_id(handler: HTTPRouteHandler, _: Method, path: Sequence[str | PathParameterDefinition]) -> str:
    """Name an operation after its controller and its verb (`branch_open`), as generated clients call their functions.

    A handler with several addresses is told apart by the last word of the address.
    """
    *controller, verb = handler.fn.__qualname__.split(".")[-2:]
    nouns = [_CAPITAL.sub("_", name.removesuffix("Controller")).lower() for name in controller if name.isidentifier()]
    words = [part for part in path if isinstance(part, str)] if len(handler.paths) > 1 else []
    return "_".join([*nouns, verb, *(word.replace("-", "_") for word in words[-1:])])


def _describe(handler: HTTPRouteHandler) -> None:
    said = cleandoc(handler.fn.__doc__ or "")
    needed = [" or ".join(guard.permissions) for guard in handler.resolve_guards() if isinstance(guard, Permitted)]
    is_public = bool(handler.opt.get(PUBLIC))
    if not issubclass(handler.operation_class, WithOurRefusals):
        handler.operation_class = SentOnce if "POST" in handler.http_methods and not is_public else WithOurRefusals
    handler.summary = handler.summary or said.partition("\n")[0].rstrip(".")
    whom = "Everybody may call this." if is_public else "Everybody who is signed in may call this."
    handler.description = f"{said}\n\n{f'Needs the permission {needed[0]}.' if needed else whom}"
    if is_public:
        handler.security = [{}]
    if handler.parsed_return_field.is_subclass_of(Tagged):
        handler.response_headers = [*(handler.response_headers or ()), TAG]
    answers = {
        status: ResponseSpec(Problem, description=why, media_type=MEDIA_TYPE) for status, why in REFUSALS.items()
    }
    # Examples are those that a class shows; the library would make up words.
    handler.responses = {
        status: replace(answer, generate_examples=False)
        for status, answer in (answers | dict(handler.responses or {})).items()
    }


def _tell(responses: Responses, header: str, statuses: Sequence[str]) -> None:
    """Note a header that answers can carry."""
    for status in statuses:
        if isinstance(answer := responses.get(status), OpenAPIResponse):
            answer.headers = {**(answer.headers or {}), header: Reference(ref=f"#/components/headers/{header}")}


def _without_null(schema: Schema | Reference | None) -> Schema | Reference | None:
    """The body's schema without null, for a handler whose body is optional; None for any other."""
    parts = schema.one_of if isinstance(schema, Schema) else None
    kept = [part for part in parts or () if not (isinstance(part, Schema) and part.type == OpenAPIType.NULL)]
    return kept[0] if parts and len(kept) == 1 and len(parts) > 1 else None
