"""The security review names tests that there are, and says of each requirement how it stands."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

REVIEW = (ROOT / "src" / "lc_workflow" / "SECURITY-REVIEW.md").read_text("utf-8")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
STANDINGS = ("met", "partly", "by design", "not met", "not applicable", "the operator's", "to be asked")


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8")) if path.exists() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_each_test_that_is_named_is_there() -> None:
    named = NAMED.findall(REVIEW)
    assert len(named) > 80
    assert [f"{path}::{name}" for path, name in named if name not in names_in(ROOT / "tests" / path)] == []


def test_each_requirement_says_how_it_stands_and_what_is_met_is_shown() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in REVIEW.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[-1] != "Shown by"]
    for *_, stands, shown in rows:
        assert stands.startswith(STANDINGS), stands
        assert NAMED.fullmatch(shown) or (shown == "–" and not stands.startswith("met")), shown
