"""Locks on what is no row: who takes one is the only one to do it, in all processes, until their transaction ends."""

from enum import IntEnum, unique

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


@unique
class Lock(IntEnum):
    """What only one at a time may do, by the number that PostgreSQL knows the lock by."""

    TELL = 0x1C_0A
    """Tell listeners what happened: facts stay in order."""

    MIGRATE = 0x1C_0B
    """Bring the database to a revision: of instances that start at once the second finds the work done."""

    SET_UP = 0x1C_0C
    """Make the first administrator."""

    ANCHOR = 0x1C_0D
    """Seal the journal of a day."""

    LOSE_AN_ADMINISTRATOR = 0x1C_0E
    """Reduce the number of administrators."""

    NUMBER_CHECKLISTS = 0x1C_0F

    NAME = 0x1C_10
    """Give a name that only one row may have: two who give similar ones at once see each other."""

    TAKE_EMPLOYEE_CODES = 0x1C_11
    """Take employee codes: two who hire at once get different ones."""

    NUMBER_MATRICES = 0x1C_12


async def take(session: AsyncSession, lock: Lock) -> None:
    """Wait until nobody else has the lock, and keep it until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(lock.value)))
