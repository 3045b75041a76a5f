"""The order of a run over several processes: what takes long begins first, and what shares something stays together."""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

DEAR = (
    "tests/house/test_bad_input.py",
    "tests/house/test_fuzzed.py",
    "tests/deploy/test_run.py",
    "tests/lending/applications/test_forty_thousand.py",
    "tests/seeding/test_planting.py",
    "tests/deploy/test_start.py",
    "tests/faults/test_killed.py",
    "tests/faults/test_told.py",
    "tests/faults/test_database_gone.py",
    "tests/safekeeping/test_meanwhile.py",
    "tests/safekeeping/test_backup.py",
    "tests/safekeeping/test_proof.py",
    "tests/journey/test_loan.py",
    "tests/engagement/live/test_served.py",
    "tests/house/test_rights.py",
    "tests/house/test_migrations.py",
    "tests/moving/test_moving.py",
    "tests/identity/users/test_ten_thousand.py",
    "tests/identity/sessions/test_together.py",
    "tests/identity/users/test_together.py",
    "tests/documents/library/test_uploads.py",
    "tests/documents/deliveries/test_store_down.py",
    "tests/contract/test_generated_client.py",
    "tests/platform/test_embedded.py",
    "tests/platform/test_jobs.py",
    "tests/platform/test_tracing.py",
    "tests/platform/test_broadcast.py",
    "tests/test_cli.py",
)
"""The files that take longest; one that began last would keep its process alone at work in the end."""

LONG = ("tests/house/test_bad_input.py", "tests/deploy/", "tests/faults/", "tests/safekeeping/")
"""Where each test takes long and shares little with its neighbours, so that it goes wherever there is time."""

DEMO = (
    "tests/seeding/test_planting.py",
    "tests/seeding/test_commands.py",
    "tests/demo/test_walk.py",
    "tests/house/test_migrations.py",
    "tests/house/test_readme.py",
    "tests/platform/security/test_resealing.py",
)
"""The files that look at the demo institution, which takes long to plant: one process plants it for all of them."""


def pytest_xdist_auto_num_workers() -> int:
    """Half as many processes again as processors: a third of its time a process waits for the servers it has begun."""
    return max(2, 3 * len(os.sched_getaffinity(0)) // 2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests of a run over several processes; a run in one process stays as it is written."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if "planted" in getattr(item, "fixturenames", ()) and _file_of(item.nodeid) not in DEMO:
            raise pytest.UsageError(f"{item.nodeid} looks at the demo: name its file in tests/order.py")
    items.sort(key=lambda item: DEAR.index(file) if (file := _file_of(item.nodeid)) in DEAR else len(DEAR))


class _TogetherOrWherever(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out what belongs together at once, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        """Say what a test belongs to: its file for the sake of what that shares, the demo, or nothing but itself."""
        file = _file_of(nodeid)
        if file in DEMO:
            return "demo"
        return nodeid if file.startswith(LONG) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Hand out by our groups; a group that is written into the ids of tests, as xdist does, pytest 9.2 passes over."""
    return _TogetherOrWherever(config, log)


def _file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]
