"""Finding bytes without a row and rows without bytes, and bringing them to agree."""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.deliveries.models import Delivery
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service import removal_of
from lc_workflow.documents.library.service.removal import aside
from lc_workflow.documents.library.service.versions import step_back
from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.storage.base import Kept, ObjectStore

AT_ONCE: Final = 500
"""Rows or objects that are compared together."""

UNDER_WAY: Final = timedelta(hours=1)
"""Bytes this young may belong to an unfinished upload."""

FEW: Final = 10
MOST_LOST: Final = 0.1
"""When more than `FEW` papers and more than this share of all have no bytes, the settings name the wrong store."""

ID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PAPER: Final = re.compile(rf"(removed/)?(\d{{4}}/\d{{2}}/{ID})")
PREVIEW: Final = re.compile(rf"previews/({ID})/[a-z]+\.jpg")
ARRIVAL: Final = re.compile(rf"incoming/({ID})(?:\.parts/\d+)?")


class WrongStore(Invalid):
    """So many papers have no bytes that the store must be another one."""


@dataclass(slots=True)
class Swept:
    """The differences: bytes without a row, bytes in the wrong place, and papers without bytes."""

    strays: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    lost: list[UUID] = field(default_factory=list)
    looked_at: int = 0


async def sweep(session: AsyncSession, store: ObjectStore, *, at: datetime, apply: bool) -> Swept:
    """Compare rows and bytes; with `apply` delete stray bytes, move misplaced ones, and remove papers without bytes.

    Only keys made by this application are touched. A removed paper can be restored during its retention, if its bytes
    come back. This is a command and not a job: after restoring yesterday's database all bytes of today are strays, and
    a person should see that first.

    Raises:
        WrongStore: More than a tenth of the papers have no bytes; nothing is applied then.
        Unavailable: The store cannot be used now.
    """
    swept = Swept()
    await _find_lost(session, store, swept)
    if apply:
        rows = await session.scalar(select(func.count()).where(File.deleted_at.is_(None))) or 0
        if len(swept.lost) > max(FEW, rows * MOST_LOST):
            raise WrongStore(f"{len(swept.lost)} of {rows} papers have no bytes; look whether this is the right store.")
    batch: list[Kept] = []
    async for kept in store.walk():
        swept.looked_at += 1
        batch.append(kept)
        if len(batch) == AT_ONCE:
            await _look_at(batch, session, store, swept, at=at, apply=apply)
            batch = []
    await _look_at(batch, session, store, swept, at=at, apply=apply)
    if apply:
        await _remove_lost(session, swept.lost, at=at)
    return swept


async def _look_at(
    batch: Sequence[Kept], session: AsyncSession, store: ObjectStore, swept: Swept, *, at: datetime, apply: bool
) -> None:
    """Find which of some objects are strays or in the wrong place."""
    papers = {kept.key: found for kept in batch if (found := PAPER.fullmatch(kept.key))}
    removed = await _removed(session, {found[2] for found in papers.values()})
    previews = {kept.key: UUID(found[1]) for kept in batch if (found := PREVIEW.fullmatch(kept.key))}
    shown = await _existing(session, File.id, previews.values(), File.previews, File.deleted_at.is_(None))
    arrivals = {kept.key: UUID(found[1]) for kept in batch if (found := ARRIVAL.fullmatch(kept.key))}
    awaited = await _existing(session, Delivery.id, arrivals.values())
    await session.commit()
    for kept in batch:
        key, stray = kept.key, False
        if found := papers.get(key):
            right = aside(found[2]) if removed.get(found[2]) else found[2]
            stray = found[2] not in removed or (key != right and await store.size_of(right) is not None)
            if not stray and key != right:
                swept.misplaced.append(key)
                if apply:
                    with suppress(Missing):  # removing or restoring the file moves it at this very moment
                        await store.move(key, right)
        else:
            stray = (key in previews and previews[key] not in shown) or (
                key in arrivals and arrivals[key] not in awaited
            )
        if stray and kept.at < at - UNDER_WAY:
            swept.strays.append(key)
            if apply:
                await store.remove(key)


async def _removed(session: AsyncSession, keys: Collection[str]) -> Mapping[str, bool]:
    """Of the keys that papers have, which belong to removed ones."""
    rows = await session.execute(select(File.key, File.deleted_at.is_not(None)).where(File.key.in_(keys)))
    return {key: removed for key, removed in rows}  # noqa: C416 - rows are no pairs to mypy


async def _existing(session: AsyncSession, column: object, ids: Collection[UUID], *where: object) -> set[UUID]:
    found = await session.scalars(select(column).where(column.in_(ids), *where))  # type: ignore[attr-defined,call-overload]
    return set(found)


async def _find_lost(session: AsyncSession, store: ObjectStore, swept: Swept) -> None:
    """Find the papers whose bytes are missing, or of another size than was uploaded."""
    after = ""
    while True:
        rows = (
            await session.execute(
                select(File.id, File.key, File.file_size)
                .where(File.key > after, File.deleted_at.is_(None))
                .order_by(File.key)
                .limit(AT_ONCE)
            )
        ).all()
        await session.commit()  # the store is asked without a transaction
        for file_id, key, size in rows:
            found = await store.size_of(key)
            if found is None:
                found = await store.size_of(aside(key))
            if found != size:
                swept.lost.append(file_id)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].key


async def _remove_lost(session: AsyncSession, lost: Collection[UUID], *, at: datetime) -> None:
    """Remove papers without bytes, so that nobody relies on them; the actor is the application itself."""
    for file_id in lost:
        file = await session.get(File, file_id, with_for_update=True)
        if file is not None and file.deleted_at is None and not file.bound:
            file.deleted_at = at
            if file.replaced_at is None:
                await step_back(session, file)
            session.add(JournalEntry.of(removal_of(file, by=None, at=at)))
        await session.commit()
