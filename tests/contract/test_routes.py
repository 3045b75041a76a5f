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


@pytest.fixture(scope="session")
def served(house: tuple[Litestar, Sessions]) -> set[tuple[str, str]]:
    """Method and path of everything the application serves, with `{id}` for each parameter."""
    found = set()
    for route in house[0].routes:
        path = re.sub(r"\{[^}]+\}", "{id}", route.path).rstrip("/")
        methods = (
            route.methods if isinstance(route, HTTPRoute) else {"WS"} if isinstance(route, WebSocketRoute) else set()
        )
        found |= {(method, path) for method in methods}
    return found


@pytest.mark.parametrize(
    "call", [call for call in calls() if call.rank == "main"], ids=lambda call: f"{call.method} {call.path}"
)
def test_the_web_apps_main_journey_is_served(served: set[tuple[str, str]], call: Call) -> None:
    assert (call.method, call.path) in served


def test_the_count_of_what_is_served_is_told(served: set[tuple[str, str]]) -> None:
    known = calls()
    assert len(known) == len(set(known))
    counts = {
        rank: (sum((c.method, c.path) in served for c in known if c.rank == rank), sum(c.rank == rank for c in known))
        for rank in ("main", "page", "companion")
    }
    print(", ".join(f"{rank}: {there} of {all_} served" for rank, (there, all_) in counts.items()))  # noqa: T201
    assert counts["main"][0] == counts["main"][1]
