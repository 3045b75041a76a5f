"""Where an application stands is written in one place."""

import ast
from collections.abc import Iterator

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "lc_workflow"


def written_stages() -> Iterator[str]:
    """Name the files that assign `workflow_status`, or hand it to a row or a statement."""
    for module in SOURCE.rglob("*.py"):
        name = str(module.relative_to(SOURCE))
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value
                else []
            )
            flat = [part for target in targets for part in ast.walk(target)]
            if any(isinstance(part, ast.Attribute) and part.attr == "workflow_status" for part in flat):
                yield name
            if isinstance(node, ast.Call) and _writes(node):
                yield name


def _writes(call: ast.Call) -> bool:
    named = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if named == "setattr":
        return any(isinstance(part, ast.Constant) and part.value == "workflow_status" for part in call.args)
    return named in {"values", "CustomerApplication"} and any(word.arg == "workflow_status" for word in call.keywords)


def test_nobody_else_writes_where_an_application_stands() -> None:
    assert set(written_stages()) == {
        "lending/applications/models/application.py",
        "moving/applying.py",  # what another service decided is taken in as it stands there
    }


def test_the_engine_alone_brings_an_application_to_a_stage() -> None:
    calls = {
        str(module.relative_to(SOURCE)): module.read_text("utf-8").count(".stand_at(")
        for module in SOURCE.rglob("*.py")
    }
    assert {name: count for name, count in calls.items() if count} == {
        "lending/workflow/service/moving.py": 1,
        "lending/applications/service/drafts.py": 1,  # a draft begins
    }
