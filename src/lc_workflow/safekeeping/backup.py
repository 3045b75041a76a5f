"""Makes a backup: the rows of one moment first, then the objects they name, the manifest last."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from lc_workflow.documents.deliveries.models import Delivery
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service.previews import PreviewSize, preview_key
from lc_workflow.documents.library.service.removal import aside
from lc_workflow.identity.photos.service import sizes_of
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Missing
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.dossiers.models import DossierPrint
from lc_workflow.lending.rules.dossier import PrintStatus
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.reaching import engine_for_once
from lc_workflow.platform.http.csv import MEDIA_TYPE as CSV
from lc_workflow.platform.payout.drop import CsvDrop
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.safekeeping.database import dump, rows_of
from lc_workflow.safekeeping.inventory import DUMP, OBJECTS, Backup, Kept, room, sha256_of, write_down

SNAPSHOT = text("SELECT pg_export_snapshot()")
ABOUT = text("SELECT version_num, current_setting('server_version') FROM alembic_version")
PHOTO = "image/jpeg"
PDF = "application/pdf"


async def back_up(settings: Settings, store: ObjectStore, folder: Path, *, at: datetime) -> Backup:
    """Write a backup into an empty folder while people work; nobody is kept waiting.

    The dump, the counts and the list of objects are of one snapshot. Objects are written once and removed long after
    their rows, so those of the snapshot are still there; one that is not is named in the manifest.

    Raises:
        BackupRefused: The folder holds something, a program of PostgreSQL is missing or fails, or the disk is full.
        Unavailable: The store does not answer.
    """
    with room(folder):
        engine = engine_for_once(settings.database_url, isolation_level="REPEATABLE READ")
        async with engine.connect() as connection:
            snapshot = await connection.scalar(SNAPSHOT)
            revision, version = (await connection.execute(ABOUT)).one()
            await dump(
                settings.database_url, "--format=custom", "--no-owner", "--no-privileges",
                f"--snapshot={snapshot}", f"--file={folder / DUMP}",
            )  # fmt: skip
            rows = await rows_of(connection)
            named = [object_ async for object_ in _named(connection)]
        objects, missing = [], []
        for places, content_type, must_be_there in named:
            kept = await _copy(store, places, content_type, folder / OBJECTS / places[0])
            if kept is not None:
                objects.append(kept)
            elif must_be_there:
                missing.append(places[0])
        backup = Backup(
            made_at=at,
            postgresql=version,
            revision=revision,
            dump_sha256=sha256_of(folder / DUMP),
            rows=rows,
            objects=objects,
            missing=missing,
        )
        write_down(backup, folder)
        return backup


async def _named(connection: AsyncConnection) -> AsyncIterator[tuple[tuple[str, ...], str, bool]]:
    """Every object that rows name: where it belongs and may lie instead, its media type, and whether it must be there.

    The bytes of a paper are moved when it is removed or brought back, which may happen at this very moment.
    """
    columns = File.id, File.key, File.mime_type, File.previews, File.deleted_at
    for file in await connection.execute(select(*columns)):
        places = (file.key, aside(file.key))
        yield places if file.deleted_at is None else places[::-1], file.mime_type, True
        if file.previews:
            for size in PreviewSize:
                yield (preview_key(file.id, size),), PHOTO, False  # they are made anew where they are missing
    photos = (await connection.scalars(select(User.profile_photo_key))).all()
    for key in filter(None, photos):
        for own_key in sizes_of(key).values():
            yield (own_key,), PHOTO, True
    for key in await connection.scalars(select(Delivery.key)):
        yield (key,), "application/octet-stream", False  # announced, and perhaps not brought yet
    printed = select(DossierPrint.id).where(DossierPrint.status == PrintStatus.READY)
    for print_id in await connection.scalars(printed):
        yield (DossierPrint(id=print_id).key,), PDF, False  # else its row would lead nowhere until it is over
    dropped = DisbursementRequest.external_reference
    for order in await connection.scalars(select(dropped).where(DisbursementRequest.connector == CsvDrop.name)):
        if order is not None:
            yield (order,), CSV, False  # whoever fetches it may take it away


async def _copy(store: ObjectStore, places: Sequence[str], content_type: str, file: Path) -> Kept | None:
    """Copy one object to where it belongs, the first of its places; None when it is in none of them."""
    for place in places:
        with suppress(Missing):
            chunks = await store.get(place)
            break
    else:
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    async with aclosing(chunks):
        with file.open("wb") as copy:
            async for piece in chunks:
                copy.write(piece)
                digest.update(piece)
                size += len(piece)
    return Kept(places[0], size, digest.hexdigest(), content_type)
