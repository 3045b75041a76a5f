"""The installation a command works on: its folders, its variables, its database."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import URL

from lc_workflow.platform.config import Settings, database_url
from lc_workflow.platform.db.revisions import Age, age_of
from lc_workflow.platform.security.vault import use, vault_of
from lc_workflow.platform.variables import BadSetting
from lc_workflow.platform.workbench import lasting_secret, read_variables, revision_of, with_database

ROOT: Final = Path(__file__).resolve().parents[3]
LOCAL: Final = ROOT / ".local"
"""Where development keeps its data."""

DEMO_PASSWORD: Final = "Demo#2026pass"  # noqa: S105 - everybody may know it; DEMO_PASSWORD sets another
"""The password of the demo accounts."""

OF_A_NEWER_RELEASE: Final = (
    "The database of DATABASE_URL is of a newer release than this one; run the command of that release."
)

SIGNS_NOTHING: Final = "a key for commands that sign nothing"


def variables() -> dict[str, str]:
    """Take the variables of the process, and of `.env` where the process has none."""
    return {**read_variables(ROOT / ".env"), **os.environ}


def demo_password(environ: Mapping[str, str]) -> str:
    """The password of the demo accounts here."""
    return environ.get("DEMO_PASSWORD") or DEMO_PASSWORD


def take_our_key(environ: MutableMapping[str, str]) -> None:
    """Use the key of `make run`, when the database is our own and nobody names another key."""
    if not environ.get("DATABASE_URL"):
        environ["SECRET_KEY"] = environ.get("SECRET_KEY") or lasting_secret(LOCAL / "secret-key")


@contextmanager
def newest_database() -> Iterator[URL]:
    """The database that the variables name, or our own while the block runs, at the newest revision."""
    environ = variables()
    take_our_key(environ)
    with with_database(environ, LOCAL):
        url = database_url(environ["DATABASE_URL"])
        bring_to_newest(url, environ)
        yield url


@contextmanager
def newest_installation() -> Iterator[Settings]:
    """The same with all its settings, and with its keys: this process opens what is sealed there.

    Without a named key whatever is sealed is refused; a migration never seals with the stand-in.
    """
    given = variables()
    take_our_key(given)
    with with_database(given, LOCAL):
        settings = Settings.from_environ({"SECRET_KEY": SIGNS_NOTHING, **given})
        bring_to_newest(settings.database_url, given)
        use(vault_of(settings))
        yield settings


def bring_to_newest(url: URL, environ: Mapping[str, str]) -> None:
    """Bring a database to the newest revision."""
    age = age_of(revision_of(url))
    if age is Age.NEWER:
        raise BadSetting(OF_A_NEWER_RELEASE)
    # Loading the models takes a second; a database at the newest revision does not need them.
    if age is not Age.SAME:
        command.upgrade(alembic_config(url, environ), "head")


def refuse_older_revisions(url: URL) -> Age:
    """Stop when the database lacks something this release needs.

    Raises:
        BadSetting: The database does not answer, or is not migrated as far as this release.
    """
    age = age_of(revision_of(url))
    if age in {Age.BARE, Age.OLDER}:
        raise BadSetting(
            "The database of DATABASE_URL is not at the revision of this release; run alembic upgrade head first."
        )
    return age


def refuse_other_revisions(url: URL) -> None:
    """Stop when the database is not exactly at this release's revision.

    Raises:
        BadSetting: The database does not answer, or is not at the newest revision.
    """
    if refuse_older_revisions(url) is Age.NEWER:
        raise BadSetting(OF_A_NEWER_RELEASE)


def alembic_config(url: URL, environ: Mapping[str, str]) -> Config:
    """Tell alembic where the database is; a revision that seals or opens something takes its keys from `environ`."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["database_url"] = url
    config.attributes["environ"] = environ
    return config
