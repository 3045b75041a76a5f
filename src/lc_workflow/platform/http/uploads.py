"""How large the body of a route that accepts a file may be."""

from typing import Final

from litestar import Request, Router
from litestar.types import ControllerRouterHandler

FORM_ROOM: Final = 64 * 1024
"""Bytes that the form around a file may take: its boundaries and its other fields."""


def taking_files(*routes: ControllerRouterHandler, most_bytes: int) -> Router:
    """Let the bodies of these routes hold a file of `most_bytes`; Litestar stops reading beyond that."""
    return Router("/", route_handlers=routes, request_max_body_size=most_bytes + FORM_ROOM)


def most_bytes_of(request: Request[object, object, object]) -> int:  # type: ignore[type-var]
    """Say how large a file the route of this request takes."""
    return (request.route_handler.resolve_request_max_body_size() or FORM_ROOM) - FORM_ROOM
