"""README.md and OPERATING.md keep their promises: the loan is walked, and the verbs and files they name are there."""

import re
import subprocess
from pathlib import Path

import pytest

from lc_workflow.identity.rules.roles import Role
from lc_workflow.lending.rules.stages import STEPS, Action
from lc_workflow.platform import watching
from lc_workflow.platform.watching.metrics import Called
from tests.conftest import ROOT
from tests.moments import PATIENCE

PAGES = (ROOT / "README.md", ROOT / "src/lc_workflow/OPERATING.md")
README, OPERATING = (page.read_text("utf-8") for page in PAGES)
BOTH = README + OPERATING


def test_the_loan_of_the_readme_goes_through_line_by_line(demo_server: str) -> None:
    (loan,) = re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert "http://127.0.0.1:8000" in loan
    script = loan.replace("http://127.0.0.1:8000", demo_server)
    for _ in range(2):  # as often as you like
        walk = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert (walk.returncode, walk.stderr) == (0, ""), walk.stdout
        words = walk.stdout.split("\n", 7)
        assert words[:7] == [
            "income.txt", "2", "USER_COMPLETED", "TELLER_PROCESSING", "MANAGER_REVIEW", "the same card", "APPROVED",
        ]  # fmt: skip
        assert '"actor_name": "Sovannary Meas"' in walk.stdout


def test_the_picture_shows_the_steps_that_there_are() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+): (\w+)", README, re.MULTILINE))
    steps = {(step.source, step.target, step.action) for step in STEPS if step.action is not Action.WITHDRAW}
    assert drawn == {tuple(map(str, step)) for step in steps}


@pytest.mark.parametrize("verb", sorted(set(re.findall(r"\bmake ([a-z-]+)", BOTH))))
def test_a_verb_that_is_named_is_there(verb: str) -> None:
    assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_are_linked_are_there(page: Path) -> None:
    paths = {page.parent / path for path in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))}
    assert paths
    assert [path for path in paths if not path.exists()] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"^(?: +|export )([A-Z_]+)=", BOTH, re.MULTILINE))))
def test_a_variable_that_is_set_is_explained(name: str) -> None:
    assert f"\n{name}=" in (ROOT / ".env.production").read_text()


def test_every_role_is_told_of() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) == {str(role) for role in Role}


def test_each_part_that_an_alert_names_has_its_row() -> None:
    rows = re.findall(r"^\| (\w+)(?: `\w+`)? \|", OPERATING, re.MULTILINE)
    assert {"database", "redis", "storage", "scanner", *Called} <= {*rows}


def test_a_section_that_an_alert_sends_people_to_is_there() -> None:
    alerts = (Path(watching.__file__).parent / "alerts.yml").read_text()
    sections = re.findall(r'OPERATING\.md says \w* ?under "([^"]+)"', alerts)
    assert sections
    assert [section for section in sections if f"## {section}\n" not in OPERATING] == []
