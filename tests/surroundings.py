"""What a machine has set for itself: none of it reaches a test, or a process that a test starts."""

import os
import re
from pathlib import Path
from typing import Final

import pytest

from lc_workflow.platform.workbench import read_variables

MACHINE: Final = dict(os.environ)
"""What was set when the tests began; only the S3 server that they are given stands there."""

OURS: Final = frozenset(read_variables(Path(__file__).parents[1] / ".env.production"))
ALSO_READ: Final = re.compile(r"OLD_\w+|OTEL_\w+|(ADMIN|DEMO)_PASSWORD|(http|https|all)_proxy", re.IGNORECASE)
"""Variables of single commands, of tracing, and of ways to the internet: the servers of the tests are all here."""


def pytest_configure(config: pytest.Config) -> None:
    """Forget them where tests run; the first process of several still hands them on to the others."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        for name in MACHINE:
            if name in OURS or ALSO_READ.fullmatch(name):
                os.environ.pop(name, None)
