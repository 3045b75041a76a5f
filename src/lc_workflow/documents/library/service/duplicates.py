"""The same paper on the application of somebody else: an honest mistake, or a photo that is handed around."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.documents.library.models import File
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.platform.db.written import Written

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


async def duplicates_of(
    session: AsyncSession, file: File, access: ApplicationAccess, visible: ColumnElement[bool]
) -> tuple[Sequence[File], int]:
    """Find the files of other persons that hold the same: those somebody may see, and how many there are in all."""
    same = select(Other.id).where(File.id == file.id, _same(access)).correlate(None)
    there = await session.scalar(select(func.count()).select_from(same.subquery()))
    rows = await session.scalars(select(File).where(File.id.in_(same), visible).order_by(File.created_at, File.id))
    return rows.all(), there or 0
