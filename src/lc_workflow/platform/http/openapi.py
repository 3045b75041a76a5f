"""The documentation under `/schema`, in three viewers that need nothing from the internet."""

import asyncio
import re
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from html import escape
from pathlib import Path
from threading import Lock
from typing import Any, Final, cast

import msgspec
from litestar import Request, Response, Router
from litestar._openapi.schema_generation import SchemaCreator
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.datastructures import CacheControlHeader, ResponseHeader
from litestar.exceptions import InternalServerException, NotFoundException
from litestar.handlers import get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, OpenAPI, OpenAPIType, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.status_codes import HTTP_404_NOT_FOUND
from litestar.typing import FieldDefinition
from msgspec import inspect

from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.bounds import bound
from lc_workflow.platform.http.operations import HEADERS, operation_id
from lc_workflow.platform.http.problems import Problem, refused_by_litestar
from lc_workflow.platform.security.guards import PUBLIC

STATIC: Final = Path(__file__).with_name("static")
ADDRESS: Final = "/schema"
SCHEME: Final = "bearer"
"""The name of the security scheme in the document."""

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)
"""What the pages may load: only from here. The viewers write styles into the page, hence the one exception."""


_WRITING: Final = Lock()
"""Held by the first request that asks for the document, while it is written."""

_PAGE: Final = re.compile(r"Page_(?:\w+\.)+(\w+)_(?=\")")
"""What Litestar calls a page."""


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
    """Describes amounts as numbers, which they are in answers; Litestar would describe every `Decimal` as text."""

    @staticmethod
    def is_plugin_supported_type(value: object) -> bool:
        """Take exact numbers."""
        return value is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:  # noqa: ARG002 - the library's signature
        """Describe one."""
        return Schema(type=OpenAPIType.NUMBER)


class Structs(StructSchemaPlugin):
    """Describes bodies and answers with all their bounds, and with the class's `EXAMPLE` if it has one."""

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """Describe one."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        for field in cast("inspect.StructType", inspect.type_info(field_definition.type_)).fields:
            bound((schema.properties or {})[field.encode_name], field.type)
        if "EXAMPLE" in vars(field_definition.annotation):
            schema.examples = [field_definition.annotation.EXAMPLE]
        return schema


class Document(OpenAPI):
    """The whole document, in which a page of branches is called `PageOfBranchAnswer`."""

    def to_schema(self) -> dict[str, Any]:
        """Write it, once: with the class names that generated clients use, and the paths in order.

        Litestar keeps the paths of one handler in a set, whose order is another in each process.
        """
        return self._written

    @cached_property
    def _written(self) -> dict[str, Any]:
        written = msgspec.json.encode(super().to_schema()).decode()
        named: dict[str, Any] = msgspec.json.decode(_PAGE.sub(r"PageOf\1", written))
        return named | {"paths": dict(sorted(named["paths"].items()))}


@dataclass
class Documentation(OpenAPIConfig):
    """Where the document is read, and what stands over it."""

    def to_openapi_schema(self) -> OpenAPI:
        """Begin the document."""
        begun = super().to_openapi_schema()
        return Document(**{part.name: getattr(begun, part.name) for part in fields(begun)})


def documentation(*, title: str, version: str, description: str) -> OpenAPIConfig:
    """Describe the API and where its documentation is read."""
    return Documentation(
        title=title,
        version=version,
        description=description,
        path=ADDRESS,
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
        components=Components(
            headers=HEADERS,
            security_schemes={SCHEME: SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")},
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
            before_request=_have_it_written,
            after_request=_no_page_of_its_own,
            exception_handlers={InternalServerException: _nothing_there},
            response_headers=[ResponseHeader(name="Content-Security-Policy", value=PAGE_POLICY)],
        ),
    )


async def _have_it_written(request: Request[Any, Any, Any]) -> None:
    """Write the document in a thread: it takes a second, and requests are answered meanwhile."""

    def write() -> None:
        with _WRITING:
            request.app.openapi_schema.to_schema()

    await asyncio.to_thread(write)


def _no_page_of_its_own(response: Response[Any]) -> Response[Any]:
    """Refuse unknown addresses as everywhere else, instead of with Litestar's own page.

    Raises:
        NotFoundException: There is no such page.
    """
    if response.status_code == HTTP_404_NOT_FOUND:
        raise NotFoundException
    return response


def _nothing_there(request: Request[Any, Any, Any], _: InternalServerException) -> Answer[Problem]:
    """Answer 404 to a name no file system accepts, which Litestar's static files treat as a server error."""
    return refused_by_litestar(request, NotFoundException())


@get("/docs", include_in_schema=False, opt={PUBLIC: True})
async def docs() -> Redirect:
    """Redirect `/docs`, the usual place, to the documentation."""
    return Redirect(ADDRESS)
