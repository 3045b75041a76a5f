"""Every call the web app can make has a route here."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute, WebSocketRoute

from tests.conftest import Sessions

ROWS = Path(__file__).with_name("web_app_routes.tsv")


@dataclass(frozen=True)
class Call:
    """A call of the web app; `{id}` stands for any path parameter."""

    rank: str
    method: str
    path: str


def calls() -> list[Call]:
    with ROWS.open(encoding="utf-8") as rows:
        return [Call(**row) for row in csv.DictReader(rows, delimiter="\t")]


@dataclass(frozen=True)
class Served:
    """A method and the calls its route takes: a uuid only stands for `{id}`, text for any one part of a path."""

    method: str
    path: re.Pattern[str]

    def takes(self, call: Call) -> bool:
        return self.method == call.method and bool(self.path.fullmatch(call.path))


@pytest.fixture(scope="session")
def served(application: tuple[Litestar, Sessions]) -> list[Served]:
    """Everything the application serves."""
    found = []
    for route in application[0].routes:
        text = re.sub(r"\{\w+:uuid\}", r"\\{id\\}", route.path).rstrip("/")
        pattern = re.compile(re.sub(r"\{\w+:\w+\}", "[^/]+", text))
        methods = (
            route.methods if isinstance(route, HTTPRoute) else {"WS"} if isinstance(route, WebSocketRoute) else set()
        )
        found += [Served(method, pattern) for method in methods]
    return found


def test_every_call_of_the_web_app_is_served(served: list[Served]) -> None:
    known = calls()
    assert len(known) == len(set(known)) > 180
    assert not [f"{call.method} {call.path}" for call in known if not any(route.takes(call) for route in served)]
