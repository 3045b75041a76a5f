"""Says at the end of a test run which servers it used, and marks the tests that need one."""

from typing import Any

import pytest

FIXTURES = frozenset({"server", "redis_url", "s3", "store", "cluster", "empty", "image"})
"""The fixtures that start a server."""

USED: list[str] = []
"""What those fixtures started."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "servers: needs a server; nobody writes it, it follows from the fixtures")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("servers")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of a run over several processes tells the first process."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["used"] = USED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a worker used."""
    USED.extend(name for name in getattr(node, "workeroutput", {}).get("used", ()) if name not in USED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if USED:
        terminalreporter.write_line(f"Servers used: {', '.join(USED)}.")
