"""Makes a backup: the rows of one moment first, then the objects they name, then the manifest."""

import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
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

    The dump, the counts and the list of objects come from one snapshot. Objects never change, so those of the snapshot
    are still there unless they were removed for good meanwhile; the manifest names what is missing. When this returns,
    everything is on disk.

    Raises:
        BackupRefused: The folder holds something or lies among the papers, a program of PostgreSQL is missing or fails,
            or the disk is full.
        Unavailable: The store does not answer.
    """
    with room(folder, apart_from=settings.upload_folder if settings.object_store is None else None):
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
        objects, lost = await _copied(store, named, folder)
        gone: list[Named] = []
        if lost:
            async with engine.connect() as connection:
                still = {frozenset(object_.places) async for object_ in _named(connection)}
            gone = [object_ for object_ in lost if frozenset(object_.places) not in still]
            # An object that moved between the two looks is found by now.
            found, lost = await _copied(store, [object_ for object_ in lost if object_ not in gone], folder)
            objects += found
        backup = Backup(
            made_at=at,
            postgresql=version,
            revision=revision,
            dump_sha256=sha256_of(folder / DUMP),
            rows=rows,
            objects=objects,
            missing=[object_.places[0] for object_ in lost],
            gone=[object_.places[0] for object_ in gone],
        )
        write_down(backup, folder)
        return backup


@dataclass(frozen=True, slots=True)
class Named:
    """An object that rows name: where it belongs, where it may lie instead, its media type, whether it must exist."""

    places: tuple[str, ...]
    content_type: str
    must_be_there: bool


async def _named(connection: AsyncConnection) -> AsyncIterator[Named]:
    """Every object that rows name.

    The bytes of a paper move when it is removed or brought back, which may happen at this very moment.
    """
    columns = File.id, File.key, File.mime_type, File.previews, File.deleted_at
    for file in await connection.execute(select(*columns)):
        places = (file.key, aside(file.key))
        yield Named(places if file.deleted_at is None else places[::-1], file.mime_type, must_be_there=True)
        if file.previews:
            for size in PreviewSize:
                # they are made anew where they are missing
                yield Named((preview_key(file.id, size),), PHOTO, must_be_there=False)
    photos = (await connection.scalars(select(User.profile_photo_key))).all()
    for key in filter(None, photos):
        for own_key in sizes_of(key).values():
            yield Named((own_key,), PHOTO, must_be_there=True)
    for key in await connection.scalars(select(Delivery.key)):
        # announced, and perhaps not uploaded yet
        yield Named((key,), "application/octet-stream", must_be_there=False)
    printed = select(DossierPrint.id).where(DossierPrint.status == PrintStatus.READY)
    for print_id in await connection.scalars(printed):
        # otherwise its row would lead nowhere until it expires
        yield Named((DossierPrint(id=print_id).key,), PDF, must_be_there=False)
    dropped = DisbursementRequest.external_reference
    for order in await connection.scalars(select(dropped).where(DisbursementRequest.connector == CsvDrop.name)):
        if order is not None:
            yield Named((order,), CSV, must_be_there=False)  # whoever fetches it may take it away


async def _copied(store: ObjectStore, named: Sequence[Named], folder: Path) -> tuple[list[Kept], list[Named]]:
    """Copy objects; return what was copied, and what is nowhere and must be there."""
    copied, lost = [], []
    for object_ in named:
        kept = await _copy(store, object_, folder / OBJECTS / object_.places[0])
        if kept is not None:
            copied.append(kept)
        elif object_.must_be_there:
            lost.append(object_)
    return copied, lost


async def _copy(store: ObjectStore, object_: Named, file: Path) -> Kept | None:
    """Copy one object to where it belongs, the first of its places; None when it is in none of them."""
    for place in object_.places:
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
            copy.flush()
            os.fsync(copy.fileno())
    return Kept(object_.places[0], size, digest.hexdigest(), object_.content_type)
