"""How far a database is seeded; checked at every start, so it loads nothing heavy."""

import asyncio
from enum import Enum, auto
from typing import Final

from sqlalchemy import URL, text

from lc_workflow.platform.db.reaching import engine_for_once

SIGNED: Final = "seed:"
"""The prefix of request ids of seeding: they tell which steps were taken, and what they made."""

FIRST: Final = "account/admin"
"""The step that opens the first account of the demo."""

FINISHED: Final = "DemoPlanted"
"""The fact that ends the planting of the demo."""


class CannotPlant(Exception):
    """The seeds cannot be planted here; the sentence says why."""


class Standing(Enum):
    """What stands in a database."""

    EMPTY = auto()
    """Nobody has an account."""
    BEGUN = auto()
    """The demo was begun and broken off."""
    PLANTED = auto()
    """The demo, and whatever was done in it since."""
    TAKEN = auto()
    """Accounts of other people."""


def standing(url: URL) -> Standing:
    """Find out what is in the database."""
    return asyncio.run(_standing(url))


async def _standing(url: URL) -> Standing:
    engine = engine_for_once(url)
    async with engine.connect() as connection:
        if not await connection.scalar(text("SELECT EXISTS (SELECT FROM users)")):
            return Standing.EMPTY
        planted = text("SELECT EXISTS (SELECT FROM journal_entries WHERE kind = :kind)")
        if await connection.scalar(planted, {"kind": FINISHED}):
            return Standing.PLANTED
        begun = text("SELECT EXISTS (SELECT FROM journal_entries WHERE request_id = :key)")
        return Standing.BEGUN if await connection.scalar(begun, {"key": SIGNED + FIRST}) else Standing.TAKEN
