"""The same paper on the application of somebody else: an honest mistake, or a photo that is handed around."""

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
"""How many files that hold the same are shown, those that came first."""

Other = aliased(File)


def _same(access: ApplicationAccess) -> ColumnElement[bool]:
    """Whether another file holds what a file holds, as it is kept or as it came, and is another person's."""
    return (
        or_(Other.sha256 == File.sha256, Other.arrived_sha256 == File.arrived_sha256)
        & (Other.id != File.id)
        & Other.deleted_at.is_(None)
        & access.of_different_people(Other.application_id, File.application_id)
    )


async def seen_elsewhere(session: AsyncSession, files: Collection[File], access: ApplicationAccess) -> set[UUID]:
    """Say which of these files were handed in for another person too, in one statement."""
    if not any(file.application_id for file in files):
        return set()
    found = await _written_seen(access).rows(session, ids=[file.id for file in files])
    return {row.id for row in found}


@lru_cache(maxsize=8)
def _written_seen(access: ApplicationAccess) -> Written:
    """Find those of some files that were handed in for another person too; written once for all that know as much."""
    some = File.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    return Written(select(File.id).where(some, select(Other.id).where(_same(access)).exists()))


@dataclass(frozen=True, slots=True)
class Found:
    """The first that were handed in of those somebody may see, how many these are in all, and how many others."""

    first: Sequence[File]
    seen: int
    hidden: int


async def duplicates_of(
    session: AsyncSession, file: File, access: ApplicationAccess, visible: ColumnElement[bool]
) -> Found:
    """Find the files of other persons that hold the same: a form that everybody fills in may be on every loan."""
    same = File.id.in_(select(Other.id).where(File.id == file.id, _same(access)).correlate(None))
    seen, there = (
        await session.execute(select(func.count().filter(visible), func.count()).select_from(File).where(same))
    ).one()
    rows = await session.scalars(select(File).where(same, visible).order_by(File.created_at, File.id).limit(MOST_SHOWN))
    return Found(rows.all(), seen, there - seen)
