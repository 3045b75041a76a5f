"""The same paper on somebody else's application: an honest mistake, or a photo that is passed around."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.documents.library.models import File
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.platform.db.written import Written

MOST_SHOWN: Final = 100
"""How many identical files are shown, the first ones handed in."""

Other = aliased(File)


def _same(access: ApplicationAccess) -> ColumnElement[bool]:
    """Whether another file, of another person, has the same stored or uploaded bytes."""
    return (
        or_(Other.sha256 == File.sha256, Other.arrived_sha256 == File.arrived_sha256)
        & (Other.id != File.id)
        & Other.deleted_at.is_(None)
        & access.of_different_people(Other.application_id, File.application_id)
    )


async def seen_elsewhere(session: AsyncSession, files: Collection[File], access: ApplicationAccess) -> set[UUID]:
    """Which of these files were handed in for another person too, in one statement."""
    if not any(file.application_id for file in files):
        return set()
    found = await _written_seen(access).rows(session, ids=[file.id for file in files])
    return {row.id for row in found}


@lru_cache(maxsize=8)
def _written_seen(access: ApplicationAccess) -> Written:
    """The prepared statement for files handed in for another person too; shared by people of equal reach."""
    some = File.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    return Written(select(File.id).where(some, select(Other.id).where(_same(access)).exists()))


@dataclass(frozen=True, slots=True)
class Found:
    """The first identical files that somebody may see, how many they may see, and how many others there are."""

    first: Sequence[File]
    seen: int
    hidden: int


async def duplicates_of(
    session: AsyncSession, file: File, access: ApplicationAccess, visible: ColumnElement[bool]
) -> Found:
    """Find the identical files of other persons; a blank form may occur on every loan."""
    same = File.id.in_(select(Other.id).where(File.id == file.id, _same(access)).correlate(None))
    seen, there = (
        await session.execute(select(func.count().filter(visible), func.count()).select_from(File).where(same))
    ).one()
    rows = await session.scalars(select(File).where(same, visible).order_by(File.created_at, File.id).limit(MOST_SHOWN))
    return Found(rows.all(), seen, there - seen)
