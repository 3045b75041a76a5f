"""Announcing files, and taking in what clients brought to the store."""

import hashlib
from contextlib import aclosing
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.deliveries.models import Delivery
from lc_workflow.documents.deliveries.schemas import Arrival, NewDelivery
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import Placement
from lc_workflow.documents.library.service import FileIdTaken, FileService
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore

LINK_LIFETIME: Final = timedelta(minutes=15)
"""How long a link for an upload works: 10 MB take that long at the edge of the network."""

KEPT_FOR: Final = timedelta(days=1)
"""How long brought bytes wait for whoever brought them to say so."""

IN_MEMORY: Final = 1024 * 1024


class NothingArrived(Invalid):
    """The file was announced and its bytes have not come."""


class WrongSize(Invalid):
    """What came has another size than was announced."""


class WrongContent(Invalid):
    """What came has another SHA-256 than was announced."""


class DeliveryService(Service[Delivery]):
    """The files a person has announced."""

    class Repo(SQLAlchemyAsyncRepository[Delivery]):
        """Deliveries as rows."""

        model_type = Delivery

    repository_type = Repo
    noun = "announced file"

    def __init__(self, session: AsyncSession, *, store: ObjectStore, files: FileService) -> None:
        """Open the service on the request's session; `files` is the library that takes in what was brought."""
        super().__init__(session)
        self._store = store
        self._files = files

    async def announce_file(
        self, wish: NewDelivery, *, principal: Principal, base_url: str, at: datetime
    ) -> tuple[Delivery, str]:
        """Make a link for the bytes of a file; a repeated announcement replaces the one before.

        Raises:
            Missing, FolderElsewhere, PapersClosed: See `FolderService.place`.
            EmptyFile, FileTooLarge, TypeNotAllowed: It would not be taken in.
            FileIdTaken: Somebody else's file has this id.
        """
        async with self.transaction():
            await self._files.welcome(wish, size=wish.file_size, content_type=wish.content_type, principal=principal)
            await self._files.arrived(wish.file_id, principal=principal)
            told = {
                "filename": wish.filename,
                "file_size": wish.file_size,
                "sha256": bytes.fromhex(wish.sha256) if wish.sha256 else None,
                "document_type": wish.document_type,
                "field_name": wish.field_name,
                "application_id": wish.application_id,
                "folder_id": wish.folder_id,
                "announced_at": at,
                "ends_at": at + KEPT_FOR,
            }
            delivery = await self.session.scalar(
                insert(Delivery)
                .values(id=wish.file_id, key=f"incoming/{wish.file_id}", announced_by=principal.id, **told)
                .on_conflict_do_update(index_elements=["id"], set_=told, where=Delivery.announced_by == principal.id)
                .returning(Delivery),
                execution_options={"populate_existing": True},
            )
            if delivery is None:
                raise FileIdTaken("Another file has this id; make a new one.")
        link = await self._store.upload_link(
            delivery.key, most_bytes=delivery.file_size, lifetime=LINK_LIFETIME, base_url=base_url
        )
        return delivery, link

    async def take_in(self, arrival: Arrival, *, principal: Principal, at: datetime) -> File:
        """Take an announced file into the library, when what was brought is what was announced.

        The library keeps the bytes under another key: the link still works, and must not reach what was checked.

        Raises:
            Missing: This person announced no such file, or too long ago.
            NothingArrived: Its bytes have not come.
            WrongSize, WrongContent: Others came.
            EmptyFile, FileTooLarge, TypeNotAllowed, Missing, FolderElsewhere, PapersClosed: See `FileService.take_in`.
            FileIdTaken, StillArriving, Unavailable: Likewise.
        """
        if before := await self._files.arrived(arrival.file_id, principal=principal):
            return before
        delivery = await self.find(Delivery.announced_by == principal.id, Delivery.ends_at > at, id=arrival.file_id)
        await self.session.commit()  # others get the connection while the bytes travel
        size = await self._store.size_of(delivery.key)
        if size is None:
            raise NothingArrived("The file has not arrived; upload it to the link first.")
        if size != delivery.file_size:
            raise WrongSize(f"{size} bytes arrived instead of {delivery.file_size}; upload the file again.")
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            source = cast(IO[bytes], spool)
            sha256 = await self._fetch(delivery.key, source)
            for expected in (delivery.sha256, bytes.fromhex(arrival.sha256) if arrival.sha256 else None):
                if expected is not None and sha256 != expected:
                    raise WrongContent("The file was changed on its way; upload it again.")
            file = await self._files.take_in(
                source, delivery.filename, _placement(delivery), principal=principal, at=at, file_id=delivery.id
            )
        await self._store.remove(delivery.key)
        async with self.transaction():
            await self.session.execute(delete(Delivery).where(Delivery.id == delivery.id))
        return file

    async def _fetch(self, key: str, target: IO[bytes]) -> bytes:
        """Copy what was brought, and answer its SHA-256; the size was looked at before."""
        digest = hashlib.sha256()
        async with aclosing(await self._store.get(key)) as chunks:
            async for piece in chunks:
                digest.update(piece)
                target.write(piece)
        return digest.digest()


async def clear_up(session: AsyncSession, store: ObjectStore, *, at: datetime) -> int:
    """Take away what was announced and never finished, bytes first; answers how many there were."""
    due = (await session.execute(select(Delivery.id, Delivery.key).where(Delivery.ends_at <= at))).all()
    for delivery_id, key in due:
        await store.remove(key)
        await session.execute(delete(Delivery).where(Delivery.id == delivery_id, Delivery.ends_at <= at))
        await session.commit()
    return len(due)


def _placement(delivery: Delivery) -> Placement:
    return Placement(
        application_id=delivery.application_id,
        folder_id=delivery.folder_id,
        document_type=delivery.document_type,
        field_name=delivery.field_name,
    )
