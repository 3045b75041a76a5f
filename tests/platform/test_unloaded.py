"""A worker does not load what is only there because it is installed: each start and its memory would pay for it."""

import subprocess
import sys

LOADING = """
import sys

def loaded(*names):
    return [name for name in names if sys.modules.get(name)]

import lc_workflow.asgi
print(loaded("structlog", "redis", "litestar", "rich"))  # what is kept out must not be loaded before
import lc_workflow.platform.watching.unloaded
import lc_workflow.app
from litestar import Litestar
Litestar()
print(loaded("rich", "pydantic", "starlette", "opentelemetry"))
"""


def test_a_worker_loads_no_painter_no_models_and_no_traces() -> None:
    told = subprocess.run([sys.executable, "-c", LOADING], check=True, capture_output=True, text=True).stdout
    assert told.split("\n") == ["[]", "[]", ""]


def test_the_command_line_loads_no_application() -> None:
    look = "import sys, lc_workflow.cli; print({'litestar', 'advanced_alchemy'} & {*sys.modules})"
    told = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout
    assert told == "set()\n"
