"""Versions of a paper: the newest counts, the ones before stay readable."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service.refusals import BelongsToAnother, ReplacedMeanwhile


def succeed(file: File, before: File, *, at: datetime) -> None:
    """Let a new paper replace one that is locked.

    Raises:
        BelongsToAnother: The one before is the picture of something else, and stays with that.
        ReplacedMeanwhile: A newer one stands in its place already.
    """
    if before.bound:
        raise BelongsToAnother("This is the picture of a selfie; take a new selfie instead.")
    if before.replaced_at is not None:
        raise ReplacedMeanwhile("There is a newer version of this paper; replace that one.")
    before.replaced_at = at
    file.replaces_id = before.id
    file.version = before.version + 1
    file.document_type, file.field_name = before.document_type, before.field_name
    file.folder_id = before.folder_id


async def step_back(session: AsyncSession, file: File) -> None:
    """When a version is removed, let the next older one that is not removed count again.

    Raises:
        ReplacedMeanwhile: The removed one is not the newest.
    """
    if file.replaced_at is not None:
        raise ReplacedMeanwhile("There is a newer version of this paper; remove that one first.")
    await session.execute(update(File).where(File.id.in_(await _held_before(session, file))).values(replaced_at=None))


async def step_forward(session: AsyncSession, file: File, *, at: datetime) -> None:
    """Put a restored paper back into its place among the versions.

    Raises:
        ReplacedMeanwhile: Another took its place.
    """
    before = await _held_before(session, file)
    if await session.scalar(_next_after(before, aside=[file.id, *before])) is not None:
        raise ReplacedMeanwhile("Another version took the place of this one; remove that one first.")
    await session.execute(update(File).where(File.id.in_(before)).values(replaced_at=at))
    file.replaced_at = await session.scalar(_next_after([file.id]))


def _next_after(ids: Sequence[UUID], *, aside: Sequence[UUID] = ()) -> Select[datetime]:
    """When some versions were replaced by the next one that is not removed; `aside` do not count."""
    after = (
        select(File.id, File.created_at, File.deleted_at)
        .where(File.replaces_id.in_(ids), File.id.not_in(aside))
        .cte(recursive=True)
    )
    after = after.union_all(
        select(File.id, File.created_at, File.deleted_at).where(
            File.replaces_id == after.c.id, after.c.deleted_at.is_not(None)
        )
    )
    return select(after.c.created_at).where(after.c.deleted_at.is_(None)).limit(1)


async def _held_before(session: AsyncSession, file: File) -> list[UUID]:
    """Find and lock the older versions, newest first, so that nobody restores or removes one meanwhile."""
    held = set[UUID]()
    while not held.issuperset(before := await _before(session, file)):
        held.update(before)
        await session.execute(
            select(File.id).where(File.id.in_(before)).order_by(File.version.desc(), File.id).with_for_update()
        )
    return before


async def _before(session: AsyncSession, file: File) -> list[UUID]:
    """Find the older versions, up to the newest that is not removed: that one counts when this one goes."""
    found: list[UUID] = []
    before_id = file.replaces_id
    while before_id is not None:
        found.append(before_id)
        before = select(File.replaces_id).where(File.id == before_id, File.deleted_at.is_not(None))
        before_id = await session.scalar(before)
    return found


async def versions_of(session: AsyncSession, file: File, visible: ColumnElement[bool]) -> Sequence[File]:
    """Find all versions of a paper that somebody may see, newest first."""
    chain = select(File.id, File.replaces_id).where(File.id == file.id).cte(recursive=True)
    chain = chain.union(
        select(File.id, File.replaces_id).where(or_(File.id == chain.c.replaces_id, File.replaces_id == chain.c.id))
    )
    return (
        await session.scalars(
            select(File).where(File.id.in_(select(chain.c.id)), visible).order_by(File.version.desc(), File.id)
        )
    ).all()
