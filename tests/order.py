"""The order of a run over several processes: what takes long begins first, and what shares something stays together."""

import pytest

DEAR = (
    "tests/house/test_bad_input.py",
    "tests/house/test_fuzzed.py",
    "tests/deploy/test_run.py",
    "tests/lending/applications/test_hundred_thousand.py",
    "tests/seeding/test_planting.py",
    "tests/deploy/test_start.py",
    "tests/faults/test_killed.py",
    "tests/faults/test_told.py",
    "tests/faults/test_database_gone.py",
    "tests/safekeeping/test_backup.py",
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

LONG = ("tests/house/test_bad_input.py", "tests/deploy/", "tests/faults/")
"""Where each test takes long and shares nothing with its neighbours, so that it goes wherever there is time."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests, and say which belong together; a run in one process stays as it is written."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if group := _group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: DEAR.index(file) if (file := _file_of(item)) in DEAR else len(DEAR))


def _group_of(item: pytest.Item) -> str | None:
    """The demo is planted for all who look at it; else a file is a group, for the sake of what its tests share."""
    if "planted" in getattr(item, "fixturenames", ()):
        return "demo"
    file = _file_of(item)
    return None if file.startswith(LONG) else file.removeprefix("tests/")


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
