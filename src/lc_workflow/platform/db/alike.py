"""Codes and names that only one row of a small table may have, however they are typed."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.kernel.names import look
from lc_workflow.platform.db.locks import Lock, take


async def is_taken(
    session: AsyncSession, column: InstrumentedAttribute[str], wish: str, *, but: UUID | None = None
) -> bool:
    """Whether a row other than `but` has a name that looks like this one.

    Rows that were alike before this check existed stay.
    """
    await take(session, Lock.NAME)
    rows = await session.execute(select(column.class_.id, column))
    return any(look(name) == look(wish) for row_id, name in rows if row_id != but)


async def first_free(session: AsyncSession, column: InstrumentedAttribute[str], wishes: Iterable[str]) -> str:
    """The first of these names that looks like none of a row; there has to be one."""
    await take(session, Lock.NAME)
    taken = {look(name) for name in await session.scalars(select(column))}
    return next(wish for wish in wishes if look(wish) not in taken)
