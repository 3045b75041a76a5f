"""The house keeps its own rules: a sentence opens each module, each file is a known room, each route has a guard."""

import ast
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler
from litestar.routes import HTTPRoute

from lc_workflow.platform.security.guards import PUBLIC, Permitted, signed_in
from tests.conftest import ROOT, Sessions

SOURCE = ROOT / "src" / "lc_workflow"
MODULES = sorted(SOURCE.rglob("*.py"))
CONTEXTS = ("system", "organization", "identity", "documents", "lending", "engagement", "insight")
OF_A_CONTEXT = {"__init__.py", "manifest.py", "events.py", "ports.py", "cards.py"}
OF_A_FEATURE = {
    "__init__.py", "models.py", "schemas.py", "access.py", "service.py", "controllers.py", "queries.py", "listeners.py",
    "jobs.py", "hub.py", "principals.py",
}  # fmt: skip
FORBIDDEN_NAMES = ("util", "helper", "common", "manager", "enhanced", "misc", "base_")

PUBLIC_ROUTES = {
    "GET /api/v1/auth/setup-required",
    "POST /api/v1/auth/setup-first-admin",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/activate",
    "POST /api/v1/auth/login/second-factor",
    "POST /api/v1/auth/second-factor/enrol",
    "GET /api/v1/health",
    "GET /api/v1/settings/public",
    "GET /api/v1/health/live",
    "GET /api/v1/health/ready",
    "GET /docs",
}
"""What people may call who have not signed in, each for a reason one can see; links that expire or cannot be guessed
and the documentation under `/schema` stand beside them below."""

BY_CAPABILITY = (
    "/api/v1/files/content/", "/api/v1/files/shown/", "/api/v1/files/arrivals/", "/api/v1/profile-photos/", "/schema"
)  # fmt: skip
"""Paths whose last part is the permission itself, and the documentation."""

BY_THEIR_OWN_TOKEN = {"WEBSOCKET /api/v1/ws/realtime", "GET /api/v1/ws/events", "GET /metrics"}
"""A browser cannot send a header with a socket or an event source, so these two read the token from their address, and
end without one; Prometheus brings METRICS_TOKEN."""


def name_of(module: Path) -> str:
    return str(module.relative_to(SOURCE))


def test_every_module_begins_with_a_sentence() -> None:
    beginnings = {name_of(module): beginning_of(module) for module in MODULES}
    assert {name: beginning for name, beginning in beginnings.items() if not beginning.endswith(".")} == {}


def beginning_of(module: Path) -> str:
    """The first paragraph of what a module says about itself."""
    return (ast.get_docstring(ast.parse(module.read_text("utf-8"))) or "").split("\n\n")[0]


def test_no_file_is_a_drawer() -> None:
    assert [name_of(module) for module in MODULES if any(word in module.stem for word in FORBIDDEN_NAMES)] == []


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_feature_has_only_the_known_rooms(context: str) -> None:
    for path in (SOURCE / context).iterdir():
        if path.is_file():
            assert path.name in OF_A_CONTEXT, path
        elif path.name not in {"rules", "__pycache__"}:
            assert {file.name for file in path.glob("*.py")} <= OF_A_FEATURE, path


def test_every_route_has_a_guard_or_is_listed_as_public(application: tuple[Litestar, Sessions]) -> None:
    unguarded = set()
    for route in application[0].routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]:
            guards = handler.resolve_guards()
            if any(isinstance(guard, Permitted) or guard is signed_in for guard in guards):
                assert not handler.opt.get(PUBLIC), f"{handler} has a guard that nobody asks"
                continue
            if isinstance(handler, HTTPRouteHandler):
                unguarded |= {f"{method} {route.path}" for method in handler.http_methods}
            elif isinstance(handler, WebsocketRouteHandler):
                unguarded.add(f"WEBSOCKET {route.path}")
            else:
                unguarded.add(f"ASGI {route.path}")
    unguarded = {name for name in unguarded if not name.startswith("OPTIONS ")}
    unguarded = {name for name in unguarded if not any(path in name for path in BY_CAPABILITY)}
    assert unguarded == PUBLIC_ROUTES | BY_THEIR_OWN_TOKEN
