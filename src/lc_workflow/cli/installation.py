"""The installation a command works on: its folders, its variables, its database."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL

from lc_workflow.platform.config import BadSetting, database_url
from lc_workflow.platform.workbench import read_variables, revision_of, with_database

ROOT: Final = Path(__file__).resolve().parents[3]
LOCAL: Final = ROOT / ".local"
"""Where development keeps its data."""

DEMO_PASSWORD: Final = "Demo#2026pass"  # noqa: S105 - everybody may know it; DEMO_PASSWORD sets another
"""The password of the demo accounts."""

SIGNS_NOTHING: Final = "a key for commands that sign nothing"


def variables() -> dict[str, str]:
    """Take the variables of the process, and of `.env` where the process has none."""
    return {**read_variables(ROOT / ".env"), **os.environ}


def demo_password(environ: Mapping[str, str]) -> str:
    """The password of the demo accounts here."""
    return environ.get("DEMO_PASSWORD") or DEMO_PASSWORD


@contextmanager
def newest_database() -> Iterator[URL]:
    """The database that the variables name, or our own while the block runs, at the newest revision."""
    environ = variables()
    with with_database(environ, LOCAL):
        url = database_url(environ["DATABASE_URL"])
        bring_to_newest(url, environ)
        yield url


def bring_to_newest(url: URL, environ: Mapping[str, str]) -> None:
    """Bring a database to the newest revision."""
    config = alembic_config(url, environ)
    # Loading the models takes a second, which a database at the newest revision spares us.
    if revision_of(url) != ScriptDirectory.from_config(config).get_current_head():
        command.upgrade(config, "head")


def refuse_other_revisions(url: URL, environ: Mapping[str, str]) -> None:
    """Stop before a command reads tables that are not as this release knows them.

    Raises:
        BadSetting: The database does not answer, or is not at the newest revision.
    """
    if revision_of(url) != ScriptDirectory.from_config(alembic_config(url, environ)).get_current_head():
        raise BadSetting("The database of DATABASE_URL is not at the revision of this release; run make migrate first.")


def alembic_config(url: URL, environ: Mapping[str, str]) -> Config:
    """Tell alembic where the database is; a revision that seals or opens something takes its keys from `environ`."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["database_url"] = url
    config.attributes["environ"] = environ
    return config
