"""The revision of a database, compared with the revisions that came with this release."""

import re
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from lc_workflow.platform.variables import BadSetting

VERSIONS: Final = Path(__file__).resolve().parents[4] / "db" / "migrations" / "versions"

_NAME: Final = re.compile(r'^(down_)?revision\b[^=\n]*= "([^"]+)"', re.MULTILINE)


class Outdated(BadSetting):
    """The database has no tables of ours, or lacks what this release has added."""


class Age(Enum):
    """How old a database is compared with this release."""

    BARE = auto()
    """No migration has run."""
    OLDER = auto()
    SAME = auto()
    NEWER = auto()
    """This release does not know its revision: the next release made it, and still suits this one."""


def age_of(revision: str | None) -> Age:
    """Compare a database at `revision` with this release."""
    known, newest = _revisions()
    if revision is None:
        return Age.BARE
    if revision in newest:
        return Age.SAME
    return Age.OLDER if revision in known else Age.NEWER


async def look_at_the_revision(engine: AsyncEngine) -> None:
    """Make sure that the database is migrated; a newer revision is fine as well.

    Raises:
        Outdated: Nobody has, or somebody has taken the database back since.
    """
    async with engine.connect() as connection:
        has_any = (await connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL"))).scalar_one()
        revision = (
            (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() if has_any else None
        )
    age = age_of(revision)
    if age is Age.BARE:
        raise Outdated("The database of DATABASE_URL has no tables yet; run alembic upgrade head first.")
    if age is Age.OLDER:
        raise Outdated("The database of DATABASE_URL is older than this release; run alembic upgrade head first.")


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """All revisions of this release, and the heads among them; read as text, because loading them takes seconds."""
    known: set[str] = set()
    followed: set[str] = set()
    for file in VERSIONS.glob("*.py"):
        for follows, name in _NAME.findall(file.read_text("utf-8")):
            (followed if follows else known).add(name)
    return frozenset(known), frozenset(known - followed)
