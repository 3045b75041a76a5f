"""The dashboard and the alerts ask only for figures that there are."""

import json
import re
from pathlib import Path

from lc_workflow.platform import watching
from lc_workflow.platform.watching.metrics import exposition

FOLDER = Path(watching.__file__).parent


def test_dashboard_and_alerts_ask_only_for_figures_that_there_are() -> None:
    told = set(re.findall(r"^# TYPE (\w+)", exposition().decode(), re.MULTILINE))
    dashboard = json.loads((FOLDER / "grafana.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += re.findall(r"expr: (.+)", (FOLDER / "alerts.yml").read_text())
    names = {name.removesuffix("_bucket") for expression in asked for name in re.findall(r"lc_\w+", expression)}
    assert len(asked) > 12
    assert names <= told
