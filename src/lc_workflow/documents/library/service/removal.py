"""Removing files: out of sight at once, restorable for a while, and then deleted for good."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import FilePurged, FileRemoved
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service.previews import PreviewSize, preview_key
from lc_workflow.kernel.errors import Missing, Unavailable
from lc_workflow.platform.db.reading import begins_to_write
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.storage.base import ObjectStore

ASIDE: Final = "removed/"
"""Where the store keeps the bytes of removed files, out of reach of links handed out before."""

AT_ONCE: Final = 200
"""How many removed files are deleted in one transaction."""

_log = structlog.stdlib.get_logger()


def removal_of(file: File, *, by: UUID | None, at: datetime) -> FileRemoved:
    """The fact that a file was removed; it keeps what an auditor needs to find the bytes in a backup."""
    return FileRemoved(
        actor_id=by,
        at=at,
        file_id=file.id,
        application_id=file.application_id,
        document_type=file.document_type,
        sha256=file.sha256.hex(),
        key=file.key,
    )


def aside(key: str) -> str:
    """The key under which the bytes of a removed file wait for the end of its retention."""
    return ASIDE + key


async def put_aside(session: AsyncSession, store: ObjectStore, file: File) -> None:
    """Move the bytes of a removed file out of reach of its links, after the commit that removed it.

    What cannot be moved now is moved later by the sweeper. The file is not locked meanwhile, because a store may be
    slow; so afterwards it is checked whether somebody restored it during the move.
    """
    try:
        await _remove_previews(store, file)
        await store.move(file.key, aside(file.key))
        await _unless_it_is_back(session, store, file.id)
    except Missing:
        _log.warning("a removed file had no bytes", file=str(file.id), key=file.key)
    except Unavailable:
        _log.warning("bytes of a removed file left in the store", file=str(file.id), key=file.key)
    except (SQLAlchemyError, OSError) as cause:  # it is removed all the same
        _log.warning("a removed file may be back without its bytes", file=str(file.id), cause=type(cause).__name__)


async def _unless_it_is_back(session: AsyncSession, store: ObjectStore, file_id: UUID) -> None:
    """Move the bytes back if the file was restored meanwhile; its previews are made when somebody asks."""
    await begins_to_write(session)
    file = await session.get(File, file_id, with_for_update=True, populate_existing=True)
    if file is not None and file.deleted_at is None:
        await bring_back(store, file)
        file.previews = None
    await session.commit()


async def bring_back(store: ObjectStore, file: File) -> None:
    """Move the bytes of a removed file back to where links find them.

    Raises:
        Missing: They are in neither place.
        Unavailable: The store cannot be used now.
    """
    try:
        await store.move(aside(file.key), file.key)
    except Missing:
        if await store.size_of(file.key) is None:
            raise


async def clear_away(store: ObjectStore, *files: File) -> None:
    """Delete the bytes of files whose rows are gone; for everyone else they are gone already, so nothing fails."""
    for file in files:
        try:
            for key in (file.key, aside(file.key)):
                await store.remove(key)
            await _remove_previews(store, file)
        except Unavailable:
            _log.warning("bytes of a removed file left in the store", file=str(file.id), key=file.key)


async def _remove_previews(store: ObjectStore, file: File) -> None:
    if file.previews:
        for size in PreviewSize:
            await store.remove(preview_key(file.id, size))


async def purge(session: AsyncSession, store: ObjectStore, *, kept_for: timedelta, at: datetime) -> int:
    """Delete removed files whose retention is over, rows first; return how many there were."""
    gone = 0
    while True:
        due = (
            await session.scalars(
                select(File)
                .where(File.deleted_at <= at - kept_for)
                .order_by(File.deleted_at, File.id)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            )
        ).all()
        for file in due:
            # a newer version then follows the next older one
            await session.execute(update(File).where(File.replaces_id == file.id).values(replaces_id=file.replaces_id))
            await session.delete(file)
            session.add(
                JournalEntry.of(
                    FilePurged(actor_id=None, at=at, file_id=file.id, application_id=file.application_id, key=file.key)
                )
            )
        await session.commit()
        await clear_away(store, *due)
        gone += len(due)
        if len(due) < AT_ONCE:
            return gone
