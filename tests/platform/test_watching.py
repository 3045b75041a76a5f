"""The dashboard and the alerts ask only for figures that there are, and workers add theirs up."""

import json
import os
import re
from pathlib import Path

import pytest

from lc_workflow.platform import watching
from lc_workflow.platform.variables import BadSetting
from lc_workflow.platform.watching.metrics import exposition
from lc_workflow.platform.watching.shared import share_figures
from lc_workflow.system.jobs.schemas import JobAnswer

FOLDER = Path(watching.__file__).parent


def test_dashboard_and_alerts_ask_only_for_figures_that_there_are() -> None:
    told = set(re.findall(r"^# TYPE (\w+)", exposition().decode(), re.MULTILINE))
    dashboard = json.loads((FOLDER / "grafana.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += re.findall(r"expr: (.+)", (FOLDER / "alerts.yml").read_text())
    names = {name.removesuffix("_bucket") for expression in asked for name in re.findall(r"lc_\w+", expression)}
    assert len(asked) > 12
    assert names <= told


def test_each_alert_says_what_it_means_and_what_to_do_first() -> None:
    alerts = (FOLDER / "alerts.yml").read_text().split("- alert: ")[1:]
    assert len(alerts) > 6
    for alert in alerts:
        assert re.fullmatch(
            r"\w+\n +expr: .+\n( +for: \d+m\n)? +annotations:\n +summary: .+\.\n +action: .+\.?\n\s*", alert
        ), alert


def test_what_alerts_have_people_look_for_in_the_log_is_written_there() -> None:
    written = "".join(file.read_text() for file in FOLDER.parents[1].rglob("*.py"))
    sought = re.findall(r'"([a-z][^"]+)"', (FOLDER / "alerts.yml").read_text())
    assert len(sought) > 4
    assert [words for words in sought if f'"{words}' not in written] == []


def test_alerts_send_nobody_for_an_error_to_where_jobs_have_none() -> None:
    assert "error" not in JobAnswer.__struct_fields__
    assert not re.search(r"/jobs[^.]* error", (FOLDER / "alerts.yml").read_text())


def test_an_alert_tells_that_a_day_of_the_journal_was_not_sealed() -> None:
    """What was written as a day began is sealed by half past one of the next night."""
    expression = re.search(r"lc_journal_unsealed_seconds\) > (\d+)", (FOLDER / "alerts.yml").read_text())
    assert expression
    assert 25.5 * 3600 < int(expression[1]) < 28 * 3600


def files_after(folder: Path, *names: str, of_this_server: bool) -> set[str]:
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    if of_this_server:
        share_figures({"PROMETHEUS_MULTIPROC_DIR": str(folder.parent / "other")})
        (folder / "run").write_text((folder.parent / "other" / "run").read_text())
    else:
        (folder / "run").write_text("1 before the restart")
    share_figures({"PROMETHEUS_MULTIPROC_DIR": str(folder)})
    return {file.name for file in folder.glob("*.db")}


def test_a_dead_worker_leaves_what_it_counted_and_takes_what_it_held(tmp_path: Path) -> None:
    dead, alive, again = 999_999_999, os.getppid(), os.getpid()
    names = [f"{kind}_{pid}.db" for kind in ("counter", "gauge_livesum") for pid in (dead, alive, again)]
    left = files_after(tmp_path / "figures", *names, of_this_server=True)
    assert left == {f"counter_{dead}.db", f"counter_{alive}.db", f"counter_{again}.db", f"gauge_livesum_{alive}.db"}


def test_what_another_server_counted_goes(tmp_path: Path) -> None:
    names = ["counter_999999999.db", f"counter_{os.getpid()}.db", f"counter_{os.getppid()}.db"]
    assert files_after(tmp_path / "figures", *names, of_this_server=False) == {f"counter_{os.getppid()}.db"}


def test_an_empty_variable_is_none_and_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    share_figures(variables := {"PROMETHEUS_MULTIPROC_DIR": ""})
    assert variables == {}
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="PROMETHEUS_MULTIPROC_DIR must be a folder"):
        share_figures({"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "file" / "figures")})
