"""The documentation under `/schema`, in three viewers that need nothing from the internet."""

from dataclasses import dataclass
from decimal import Decimal
from html import escape
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, Router
from litestar._openapi.schema_generation import SchemaCreator
from litestar.datastructures import CacheControlHeader, ResponseHeader
from litestar.exceptions import InternalServerException, NotFoundException
from litestar.handlers import HTTPRouteHandler, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, OpenAPIType, Operation, Schema, SecurityScheme, Tag
from litestar.plugins import OpenAPISchemaPlugin, ReceiveRoutePlugin
from litestar.response import Redirect
from litestar.routes import BaseRoute, HTTPRoute
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_404_NOT_FOUND
from litestar.typing import FieldDefinition

from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.problems import MEDIA_TYPE, Problem, refused_by_litestar
from lc_workflow.platform.security.guards import PUBLIC, Permitted

STATIC: Final = Path(__file__).with_name("static")
ADDRESS: Final = "/schema"
SCHEME: Final = "bearer"
"""The name of the security scheme in the document."""

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)
"""What the pages may load: only from here. The viewers write their styles into the page, hence the one exception."""


FORBIDDEN: Final = 403
REFUSALS: Final = {
    401: "The token is missing, wrong, expired or revoked.",
    FORBIDDEN: "The person is known and may not do this.",
    404: "There is no such thing, or it is not this person's to see.",
    422: "What was sent cannot be taken; `errors` names each field.",
    429: "Asked too often; `Retry-After` says when to come again.",
    503: "A part this needs is down for the moment; `Retry-After` says when to come again.",
}
"""How any operation can be refused; the body is always a problem (RFC 9457)."""


class Viewer(OpenAPIRenderPlugin):
    """A page with one of the viewers; Litestar's own pages load theirs from elsewhere or run inline scripts."""

    def __init__(
        self, name: str, *, path: str | list[str], scripts: tuple[str, ...], styles: tuple[str, ...] = ()
    ) -> None:
        super().__init__(path=path)
        self._name = name
        self._scripts = (*scripts, "pages.js")
        self._styles = (*styles, "pages.css")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Write the page; `pages.js` starts the viewer."""
        links = "".join(f'<link rel="stylesheet" href="{ADDRESS}/static/{style}">' for style in self._styles)
        scripts = "".join(f'<script src="{ADDRESS}/static/{script}"></script>' for script in self._scripts)
        document = self.get_openapi_json_route(request)
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{escape(openapi_schema["info"]["title"])}</title><link rel="icon" href="data:,">{links}</head>'
            f'<body><div id="page" data-viewer="{self._name}" data-url="{document}"></div>{scripts}</body></html>'
        ).encode()


class Amounts(OpenAPISchemaPlugin):
    """Says that amounts are numbers, which they are in answers; Litestar would call every `Decimal` text."""

    @staticmethod
    def is_plugin_supported_type(value: object) -> bool:
        """Take exact numbers."""
        return value is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:  # noqa: ARG002 - the library's signature
        """Describe one."""
        return Schema(type=OpenAPIType.NUMBER)


class Described(ReceiveRoutePlugin):
    """Completes what the document says of each operation: its summary, its permission, and how it can be refused."""

    def receive_route(self, route: BaseRoute) -> None:
        """Read the guards of a route's handlers, and the first sentence of what they say they do."""
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.include_in_schema is not False and "OPTIONS" not in handler.http_methods:
                    _describe(handler)


@dataclass
class WithOurRefusals(Operation):
    """An operation without the 400 that Litestar adds: what cannot be taken is a 422 here."""

    def __post_init__(self) -> None:
        """Take it out again."""
        if self.responses:
            self.responses.pop("400", None)


def _describe(handler: HTTPRouteHandler) -> None:
    said = cleandoc(handler.fn.__doc__ or "")
    needed = [" or ".join(guard.permissions) for guard in handler.resolve_guards() if isinstance(guard, Permitted)]
    is_public = bool(handler.opt.get(PUBLIC))
    if not issubclass(handler.operation_class, WithOurRefusals):
        handler.operation_class = WithOurRefusals
    handler.summary = handler.summary or said.partition("\n")[0].rstrip(".")
    whom = "Everybody may call this." if is_public else "Everybody who is signed in may call this."
    handler.description = f"{said}\n\n{f'Needs the permission {needed[0]}.' if needed else whom}"
    if is_public:
        handler.security = [{}]
    statuses = REFUSALS if not is_public else {status: why for status, why in REFUSALS.items() if status != FORBIDDEN}
    handler.responses = {
        **{status: ResponseSpec(Problem, description=why, media_type=MEDIA_TYPE) for status, why in statuses.items()},
        **(handler.responses or {}),
    }


def documentation(*, title: str, version: str, description: str, tags: list[Tag] | None = None) -> OpenAPIConfig:
    """Describe the API and where its documentation is read."""
    return OpenAPIConfig(
        title=title,
        version=version,
        description=description,
        tags=tags,
        path=ADDRESS,
        use_handler_docstrings=True,
        components=Components(
            security_schemes={SCHEME: SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        security=[{SCHEME: []}],
        render_plugins=[
            Viewer("swagger", path=["/", "/swagger"], scripts=("swagger-ui-bundle.js",), styles=("swagger-ui.css",)),
            Viewer("redoc", path="/redoc", scripts=("redoc.standalone.js",)),
            Viewer("scalar", path="/scalar", scripts=("scalar.standalone.js",)),
        ],
        openapi_router=Router(
            ADDRESS,
            route_handlers=[
                create_static_files_router(
                    "/static",
                    [STATIC],
                    name="documentation",
                    cache_control=CacheControlHeader(public=True, max_age=86_400),
                )
            ],
            include_in_schema=False,
            opt={PUBLIC: True},
            after_request=_no_page_of_its_own,
            exception_handlers={InternalServerException: _nothing_there},
            response_headers=[ResponseHeader(name="Content-Security-Policy", value=PAGE_POLICY)],
        ),
    )


def _no_page_of_its_own(response: Response[Any]) -> Response[Any]:
    """Refuse unknown addresses as everywhere else; Litestar has a page for them here.

    Raises:
        NotFoundException: There is no such page.
    """
    if response.status_code == HTTP_404_NOT_FOUND:
        raise NotFoundException
    return response


def _nothing_there(request: Request[Any, Any, Any], _: InternalServerException) -> Answer[Problem]:
    """Answer to a name that no disk takes, which Litestar's static files call an error of the server."""
    return refused_by_litestar(request, NotFoundException())


@get("/docs", include_in_schema=False, opt={PUBLIC: True})
async def docs() -> Redirect:
    """Lead whoever looks for the documentation at its usual place to where it is."""
    return Redirect(ADDRESS)
