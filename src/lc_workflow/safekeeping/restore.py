"""Puts a backup back into an empty place, and proves that everything is there."""

from contextlib import aclosing, suppress
from io import BytesIO
from pathlib import Path
from typing import Final

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service.previews import PreviewSize, preview_key
from lc_workflow.kernel.errors import Missing
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.reaching import engine_for_once
from lc_workflow.platform.journal.chain import seals_of, verify
from lc_workflow.platform.security.resealing import open_one_of_each
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.safekeeping.database import restore, rows_of
from lc_workflow.safekeeping.inventory import DUMP, OBJECTS, Backup, BackupRefused, read_verified

BEGUN: Final = "restoring"
"""The object that names the backup being restored, so that an interrupted restore can go on."""


async def put_back(settings: Settings, store: ObjectStore, folder: Path) -> tuple[Backup, int]:
    """Restore a backup into a database without tables and a store without its objects, or resume that.

    Nothing changes before the whole backup is verified, and the database is restored in one transaction. Returns the
    backup, and how many journal entries were checked against their chain afterwards.

    Raises:
        BackupRefused: The backup is damaged, the place is not empty, or what is there afterwards is not what was saved.
        BadSetting: The keys do not open what is sealed.
        Unavailable: The store does not answer.
    """
    backup = read_verified(folder)
    await store.prepare()
    engine = engine_for_once(settings.database_url)
    async with engine.connect() as connection:
        there = await rows_of(connection)
    goes_on = await _begun(store) == backup.dump_sha256.encode()
    if there and not (goes_on and there == backup.rows):
        raise BackupRefused("The database has tables; a backup is only put back into an empty one.")
    if not goes_on:
        await _begin(store, backup)
    for kept in backup.objects:
        if await store.size_of(kept.key) != kept.size:
            with (folder / OBJECTS / kept.key).open("rb") as source:
                await store.put(kept.key, source, size=kept.size, content_type=kept.content_type)
    if not there:
        await restore(settings.database_url, folder / DUMP)
    await _miss_previews(backup, engine)
    await _number_changes(engine)
    entries = await _prove(settings, store, backup, engine)
    await store.remove(BEGUN)
    return backup, entries


async def _begun(store: ObjectStore) -> bytes | None:
    """The backup whose restore was begun here and not finished, if any."""
    with suppress(Missing):
        async with aclosing(await store.get(BEGUN)) as chunks:
            return b"".join([piece async for piece in chunks])
    return None


async def _begin(store: ObjectStore, backup: Backup) -> None:
    """Make sure that the store has nothing of the backup, and note there that its objects are coming.

    Raises:
        BackupRefused: It has.
    """
    for kept in backup.objects:
        if await store.size_of(kept.key) is not None:
            raise BackupRefused(f"The store has {kept.key} already; a backup is only put back into an empty one.")
    words = backup.dump_sha256.encode()
    await store.put(BEGUN, BytesIO(words), size=len(words), content_type="text/plain")


async def _miss_previews(backup: Backup, engine: AsyncEngine) -> None:
    """Let previews that the backup does not hold be made again when somebody asks for them."""
    held = {kept.key for kept in backup.objects}
    with suppress(ProgrammingError):  # a backup of an older release may lack the column
        async with AsyncSession(engine) as session:
            shown = await session.scalars(select(File.id).where(File.previews.is_(True)))
            missing = [id_ for id_ in shown if not held.issuperset(preview_key(id_, size) for size in PreviewSize)]
            among = any_(bindparam("ids", missing, type_=ARRAY(Uuid)))
            await session.execute(update(File).where(File.id == among).values(previews=None))
            await session.commit()


async def _number_changes(engine: AsyncEngine) -> None:
    """Renumber the changes that tablets ask for by this database's own transaction counter."""
    with suppress(ProgrammingError):  # a backup of an older release may not number them
        async with engine.begin() as connection:
            await connection.execute(text("SELECT renumber_application_changes()"))


async def _prove(settings: Settings, store: ObjectStore, backup: Backup, engine: AsyncEngine) -> int:
    """Compare what is there with what was saved; return how many journal entries agree with their chain.

    Raises:
        BackupRefused: Something differs.
        BadSetting: The keys do not open what is sealed.
    """
    async with engine.connect() as connection:
        rows = await rows_of(connection)
    if differing := sorted(table for table in rows | backup.rows if rows.get(table) != backup.rows.get(table)):
        raise BackupRefused(f"These tables do not hold as many rows as were saved: {', '.join(differing)}.")
    for kept in backup.objects:
        if await store.size_of(kept.key) != kept.size:
            raise BackupRefused(f"The store does not hold {kept.key} as it was saved.")
    with suppress(ProgrammingError):  # a backup of an older release lacks columns until it is migrated
        await open_one_of_each(engine)
    async with AsyncSession(engine) as session:
        verdict = await verify(session, seals_of(settings))
    if not verdict.intact:
        raise BackupRefused(
            f"The journal does not agree with its chain ({verdict.faults[0].tampering}); was SECRET_KEY the same?"
        )
    return verdict.entries
