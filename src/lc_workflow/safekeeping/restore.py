"""Puts a backup back into an empty place, and proves that everything is there."""

from pathlib import Path

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.platform.config import Settings
from lc_workflow.platform.journal.chain import Seals, verify
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.safekeeping.database import restore, rows_of
from lc_workflow.safekeeping.inventory import DUMP, OBJECTS, Backup, BackupRefused, read_verified


async def put_back(settings: Settings, store: ObjectStore, folder: Path) -> tuple[Backup, int]:
    """Restore a backup into a database without tables and a store without its objects.

    Nothing is changed before the whole backup is verified, and the database is restored in one transaction. Answers
    the backup and how many entries of the journal were checked against their chain afterwards.

    Raises:
        BackupRefused: The backup is damaged, the place is not empty, or what is there afterwards is not what was saved.
        Unavailable: The store does not answer.
    """
    backup = read_verified(folder)
    await store.prepare()
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    async with engine.connect() as connection:
        if await rows_of(connection):
            raise BackupRefused("The database has tables; a backup is only put back into an empty one.")
    for kept in backup.objects:
        if await store.size_of(kept.key) is not None:
            raise BackupRefused(f"The store has {kept.key} already; a backup is only put back into an empty one.")
    for kept in backup.objects:
        with (folder / OBJECTS / kept.key).open("rb") as source:
            await store.put(kept.key, source, size=kept.size, content_type=kept.content_type)
    await restore(
        settings.database_url, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
        f"--dbname={settings.database_url.database}", str(folder / DUMP),
    )  # fmt: skip
    async with engine.begin() as connection:
        # The changes that tablets ask for are in the order of transactions, which this database counts itself.
        await connection.execute(text("SELECT renumber_application_changes()"))
        rows = await rows_of(connection)
    if differing := sorted(table for table in rows | backup.rows if rows.get(table) != backup.rows.get(table)):
        raise BackupRefused(f"These tables do not hold as many rows as were saved: {', '.join(differing)}.")
    for kept in backup.objects:
        if await store.size_of(kept.key) != kept.size:
            raise BackupRefused(f"The store does not hold {kept.key} as it was saved.")
    seals = Seals(settings.secret_key, previous=settings.previous_secret_keys)
    async with AsyncSession(engine) as session:
        verdict = await verify(session, seals)
    if not verdict.intact:
        raise BackupRefused(
            f"The journal does not agree with its chain ({verdict.faults[0].tampering}); was SECRET_KEY the same?"
        )
    return backup, verdict.entries
