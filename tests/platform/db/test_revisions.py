"""A database is compared with the revisions of this release, without loading them."""

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from lc_workflow.platform.db.revisions import Age, age_of
from tests.conftest import ROOT

LINE = [
    found.revision for found in ScriptDirectory.from_config(Config(toml_file=ROOT / "pyproject.toml")).walk_revisions()
]


@pytest.mark.parametrize(
    ("revision", "age"),
    [
        (LINE[0], Age.SAME),
        *((revision, Age.OLDER) for revision in LINE[1:]),
        ("9999_of_the_next_release", Age.NEWER),
        (None, Age.BARE),
    ],
)
def test_a_database_is_bare_older_the_same_or_newer(revision: str | None, age: Age) -> None:
    assert age_of(revision) is age
