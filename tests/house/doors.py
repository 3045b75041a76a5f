"""Every way into the house, read from its routes: what it takes, and who may pass."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from litestar import Litestar
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg
from litestar.routes import HTTPRoute
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from lc_workflow.identity.rules.roles import STANDINGS, Role
from lc_workflow.identity.sessions.schemas import Credentials
from lc_workflow.identity.templates.schemas import Exported
from lc_workflow.platform.security.guards import PUBLIC, Permitted

LIKE: dict[str, type[Struct]] = {
    "/api/v1/auth/login": Credentials,
    "/api/v1/permissions/templates/import": Exported,
    "/api/v1/settings/bulk": msgspec.defstruct("Bulk", [("greeting", Any)]),
}
"""What routes take whose handler reads the body itself, or takes any object."""

NOTHING = "00000000-0000-4000-8000-000000000000"
"""An id that nothing has."""

LIKELY: tuple[Any, ...] = (
    7, True, "chanthy2026", "dara@branch.example", "https://partner.example/hook", "0007", "2026-11-24",
    "2026-11-24T09:00:00+07:00", None, NOTHING, [], [NOTHING], {},
)  # fmt: skip
"""Values of which one fits most fields."""


@dataclass(frozen=True)
class Door:
    """One method on one path."""

    method: str
    path: str
    handler: HTTPRouteHandler
    body: type[Struct] | None
    form: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parts(self) -> dict[str, str]:
        """The variable parts of the path: names, and what is read from them."""
        return dict(re.findall(r"{(\w+):(\w+)}", self.path))

    @property
    def documented(self) -> str:
        """The path as the API's description writes it."""
        return re.sub(r":\w+}", "}", self.path)

    @property
    def permissions(self) -> tuple[str, ...]:
        """Those of which the guard wants one; none where everybody may pass."""
        return tuple(
            name
            for guard in self.handler.resolve_guards()
            if isinstance(guard, Permitted)
            for name in guard.permissions
        )

    @property
    def is_public(self) -> bool:
        return bool(self.handler.opt.get(PUBLIC)) or self.path.startswith("/schema")

    @property
    def role(self) -> Role:
        """Who gets furthest through this door."""
        return max(
            Role, key=lambda role: (len(STANDINGS[role].grants.keys() & set(self.permissions)), STANDINGS[role].level)
        )

    def address(self, known: Mapping[str, Any], **changes: str) -> str:
        """The path with its variable parts filled in; what nobody knows gets an id of nothing."""
        return re.sub(
            r"{(\w+):\w+}", lambda found: changes.get(found[1]) or str(known.get(found[1]) or NOTHING), self.path
        )

    def fitting(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """A body with every field, each with a value that fits."""
        return {} if self.body is None else _struct(self.body, known)

    @property
    def kinds(self) -> dict[str, str]:
        """The fields of the body, each with its kind: the type it is read as."""
        return {taken.encode_name: str(taken.type) for taken in self._fields()}

    @property
    def optional(self) -> list[str]:
        """The fields that may be left out."""
        return [taken.encode_name for taken in self._fields() if not taken.required]

    def _fields(self) -> Iterator[FieldInfo]:
        return (taken for taken in (fields(self.body) if self.body else ()) if taken.type is not UploadFile)


def doors_of(app: Litestar) -> list[Door]:
    """List every method of every path, except the OPTIONS that Litestar adds."""
    return [
        Door(method, route.path, handler, _body_of(route.path, handler), _takes_form(handler))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in sorted(handler.http_methods)
        if method != "OPTIONS"
    ]


def queries_of(app: Litestar) -> dict[tuple[str, str], dict[str, str]]:
    """The query parameters each operation declares, by method and path, each with its kind: its name and its schema."""
    document = app.openapi_schema.to_schema()
    return {
        (method.upper(), path): {
            given["name"]: f"{given['name']} {given['schema']}"
            for given in operation.get("parameters", ())
            if given["in"] == "query"
        }
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def written(body: Mapping[str, Any], **raw: bytes) -> bytes:
    """Write an object as JSON, with some members as the bytes they are to be."""
    members = {name: json.dumps(value).encode() for name, value in body.items()} | raw
    return b"{" + b", ".join(json.dumps(name).encode() + b": " + value for name, value in members.items()) + b"}"


def _body_of(path: str, handler: HTTPRouteHandler) -> type[Struct] | None:
    data = handler.parsed_data_field
    if data is None or path in LIKE:
        return LIKE.get(path)
    return next((kind for kind in (data.annotation, *get_args(data.annotation)) if _is_struct(kind)), None)


def _takes_form(handler: HTTPRouteHandler) -> bool:
    data = handler.parsed_data_field
    definition = data.kwarg_definition if data is not None else None
    return isinstance(definition, BodyKwarg) and definition.media_type == RequestEncodingType.MULTI_PART


def _struct(kind: type[Struct], known: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        known_field.encode_name: _value(known_field.encode_name, known_field.type, known)
        for known_field in fields(kind)
    }
    return {name: value for name, value in found.items() if value is not UploadFile}


def _value(name: str, kind: Any, known: Mapping[str, Any]) -> Any:
    """Something a field takes; null when nothing we can think of fits."""
    if kind is UploadFile:
        return UploadFile
    for likely in (*([str(known[name])] if name in known else []), *_members(kind), *LIKELY):
        try:
            msgspec.convert(likely, kind, strict=False)
        except msgspec.ValidationError:
            continue
        return likely
    inner = next((part for part in _parts(kind) if _is_struct(part)), None)
    return _struct(inner, known) if inner else None


def _members(kind: Any) -> Iterator[Any]:
    for part in _parts(kind):
        if get_origin(part) is Literal:
            yield from get_args(part)
        elif isinstance(part, type) and issubclass(part, Enum):
            yield from (member.value for member in part)


def _parts(kind: Any) -> Iterator[Any]:
    if get_origin(kind) in {Union, UnionType}:
        for part in get_args(kind):
            yield from _parts(part)
    elif hasattr(kind, "__metadata__"):
        yield from _parts(kind.__origin__)
    elif kind is not NoneType:
        yield kind


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)
