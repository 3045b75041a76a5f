"""Announcing uploads, and accepting what clients put into the store."""

import hashlib
from collections.abc import Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.deliveries.models import Delivery
from lc_workflow.documents.deliveries.schemas import Arrival, NewDelivery, PartLink
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import Placement
from lc_workflow.documents.library.service import FileIdTaken, FileService
from lc_workflow.documents.rules.uploads import part_size_for, parts_for
from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore

LINK_LIFETIME: Final = timedelta(minutes=15)
"""How long an upload link works: 10 MB take that long on a poor connection."""

KEPT_FOR: Final = timedelta(days=1)
"""How long uploaded bytes wait for the client to finish."""

MOST_LINKS: Final = 100
"""Links for parts in one answer: they would expire before a phone has sent more."""

IN_MEMORY: Final = 1024 * 1024


class NothingArrived(Invalid):
    """The file was announced, but its bytes have not come."""


class PartsMissing(Invalid):
    """Not all parts of the file have come."""


class WrongSize(Invalid):
    """The uploaded bytes have another size than was announced."""


class WrongContent(Invalid):
    """The uploaded bytes have another SHA-256 than was announced."""


class DeliveryService(Service[Delivery]):
    """The files a person has announced."""

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
            FileIdTaken: Another file has this id.
        """
        delivery = await self._announced(wish, principal=principal, at=at)
        link = await self._store.upload_link(
            delivery.key, most_bytes=delivery.file_size, lifetime=LINK_LIFETIME, base_url=base_url
        )
        return delivery, link

    async def begin_in_parts(self, wish: NewDelivery, *, principal: Principal, at: datetime) -> Delivery:
        """Announce a file that comes in parts; announcing the same file again continues the upload.

        Raises:
            Missing, FolderElsewhere, PapersClosed, EmptyFile, FileTooLarge, TypeNotAllowed, FileIdTaken: See
                `announce_file`.
            Unavailable: The store cannot be used now.
        """
        before = await self.get_one_or_none(Delivery.announced_by == principal.id, id=wish.file_id)
        going_on = before is not None and before.attempt is not None and before.file_size == wish.file_size
        given_up = None if before is None or going_on else (before.key, before.attempt)
        delivery = await self._announced(wish, principal=principal, at=at)
        if going_on:
            return delivery
        if given_up is not None and given_up[1] is not None:
            await self._store.give_up_parts(given_up[0], given_up[1])
        attempt = await self._store.begin_parts(delivery.key, content_type=wish.content_type)
        async with self.transaction():
            delivery.attempt = attempt
            delivery.part_size = part_size_for(delivery.file_size)
        return delivery

    async def in_parts(
        self, file_id: UUID, *, principal: Principal, base_url: str, at: datetime
    ) -> tuple[Delivery, list[int], list[PartLink]]:
        """Say which parts have come, and make links for those that have not.

        Raises:
            Missing: This person announced no such file in parts, or too long ago.
            Unavailable: The store cannot be used now.
        """
        delivery, attempt, part_size = await self._in_parts(file_id, principal=principal, at=at)
        there = await self._store.parts_of(delivery.key, attempt)
        links = []
        parts = parts_for(delivery.file_size, part_size)
        whole = await self._is_whole(delivery, there)
        arrived = [number for number, start, end in parts if whole or there.get(number) == end - start]
        for number, start, end in [part for part in parts if part[0] not in set(arrived)][:MOST_LINKS]:
            link = await self._store.part_link(
                delivery.key, attempt, number, most_bytes=end - start, lifetime=LINK_LIFETIME, base_url=base_url
            )
            links.append(PartLink(number=number, start=start, end=end, upload_url=link))
        return delivery, arrived, links

    async def complete(self, file_id: UUID, *, principal: Principal, at: datetime) -> File:
        """Put the parts together, and take the file into the library.

        Raises:
            Missing: This person announced no such file in parts, or too long ago.
            PartsMissing: Some have not come, or not whole.
            WrongSize, WrongContent, and whatever `take_in` raises.
        """
        try:
            before = await self._files.arrived(file_id, principal=principal)
        except FileIdTaken:
            raise Missing(
                "There is no such file to put together."
            ) from None  # an existing delivery of somebody else is not revealed
        if before:
            return before
        try:
            return await self._put_together(file_id, principal=principal, at=at)
        except (Missing, PartsMissing):
            # the same request, sent before, may have taken it in just now
            if before := await self._files.arrived(file_id, principal=principal):
                return before
            raise

    async def _put_together(self, file_id: UUID, *, principal: Principal, at: datetime) -> File:
        """Assemble the file from its parts, unless that was done before, and take it in."""
        delivery, attempt, part_size = await self._in_parts(file_id, principal=principal, at=at)
        there = await self._store.parts_of(delivery.key, attempt)
        if not await self._is_whole(delivery, there):
            parts = parts_for(delivery.file_size, part_size)
            if missing := [number for number, start, end in parts if there.get(number) != end - start]:
                raise PartsMissing(f"{len(missing)} of {len(parts)} parts have not come; send number {missing[0]}.")
            await self._store.put_together(delivery.key, attempt)
        try:
            return await self.take_in(Arrival(file_id=file_id), principal=principal, at=at)
        except WrongContent:
            await self._begin_anew(delivery, attempt)
            raise

    async def _is_whole(self, delivery: Delivery, there: Mapping[int, int]) -> bool:
        """Whether the parts were assembled before, and something then prevented the file from being taken in."""
        return not there and await self._store.size_of(delivery.key) == delivery.file_size

    async def _begin_anew(self, delivery: Delivery, attempt: str) -> None:
        """Require all parts again, because some of them were damaged in transit."""
        await self._store.give_up_parts(delivery.key, attempt)
        await self._store.remove(delivery.key)
        again = await self._store.begin_parts(delivery.key, content_type=delivery.content_type or "")
        async with self.transaction():
            await self.session.execute(update(Delivery).where(Delivery.id == delivery.id).values(attempt=again))

    async def give_up(self, file_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Forget a file that comes in parts, and the parts that have come.

        Raises:
            Missing: This person announced no such file in parts, or too long ago.
            Unavailable: The store cannot be used now.
        """
        delivery, attempt, _ = await self._in_parts(file_id, principal=principal, at=at)
        await self._store.give_up_parts(delivery.key, attempt)
        await self._store.remove(delivery.key)
        async with self.transaction():
            await self.session.execute(delete(Delivery).where(Delivery.id == file_id))

    async def _in_parts(self, file_id: UUID, *, principal: Principal, at: datetime) -> tuple[Delivery, str, int]:
        delivery = await self.find(Delivery.announced_by == principal.id, Delivery.ends_at > at, id=file_id)
        await self.session.commit()  # gives the connection back while the store is asked
        if delivery.attempt is None or delivery.part_size is None:
            raise Missing("This file does not come in parts; put it to its link.")
        return delivery, delivery.attempt, delivery.part_size

    async def _announced(self, wish: NewDelivery, *, principal: Principal, at: datetime) -> Delivery:
        """Store an announcement, replacing the one before."""
        async with self.transaction():
            await self._files.welcome(wish, size=wish.file_size, content_type=wish.content_type, principal=principal)
            sha256 = bytes.fromhex(wish.sha256) if wish.sha256 else None
            await self._files.arrived(
                wish.file_id, principal=principal, application_id=wish.application_id, sha256=sha256
            )
            told = {
                "filename": wish.filename,
                "content_type": wish.content_type,
                "file_size": wish.file_size,
                "sha256": sha256,
                "document_type": wish.document_type,
                "field_name": wish.field_name,
                "application_id": wish.application_id,
                "folder_id": wish.folder_id,
                "announced_at": at,
                "ends_at": at + KEPT_FOR,
            }
            delivery: Delivery | None = await self.session.scalar(
                insert(Delivery)
                .values(id=wish.file_id, key=f"incoming/{wish.file_id}", announced_by=principal.id, **told)
                .on_conflict_do_update(index_elements=["id"], set_=told, where=Delivery.announced_by == principal.id)
                .returning(Delivery),
                execution_options={"populate_existing": True},
            )
            if delivery is None:
                raise FileIdTaken("Another file has this id; make a new one.")
        return delivery

    async def take_in(self, arrival: Arrival, *, principal: Principal, at: datetime) -> File:
        """Take an announced file into the library, when the uploaded bytes are what was announced.

        The library stores the bytes under another key: the link still works, and must not be able to change what was
        checked.

        Raises:
            Missing: This person announced no such file, or too long ago.
            NothingArrived: Its bytes have not come.
            WrongSize, WrongContent: Others came.
            EmptyFile, FileTooLarge, TypeNotAllowed, Missing, FolderElsewhere, PapersClosed: See `FileService.take_in`.
            FileIdTaken, StillArriving, Unavailable: Likewise.
        """
        sha256 = bytes.fromhex(arrival.sha256) if arrival.sha256 else None
        if before := await self._files.arrived(arrival.file_id, principal=principal, sha256=sha256):
            return before
        try:
            return await self._take_in(arrival, principal=principal, at=at)
        except (Missing, NothingArrived):
            # the same request, sent before, may have taken it in just now
            if before := await self._files.arrived(arrival.file_id, principal=principal, sha256=sha256):
                return before
            raise

    async def _take_in(self, arrival: Arrival, *, principal: Principal, at: datetime) -> File:
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
        if delivery.attempt is not None:  # it may have come whole in the end
            await self._store.give_up_parts(delivery.key, delivery.attempt)
        await self._store.remove(delivery.key)
        async with self.transaction():
            await self.session.execute(delete(Delivery).where(Delivery.id == delivery.id))
        return file

    async def _fetch(self, key: str, target: IO[bytes]) -> bytes:
        """Copy the uploaded bytes and return their SHA-256; their size was checked before."""
        digest = hashlib.sha256()
        async with aclosing(await self._store.get(key)) as chunks:
            async for piece in chunks:
                digest.update(piece)
                target.write(piece)
        return digest.digest()


async def clear_up(session: AsyncSession, store: ObjectStore, *, at: datetime) -> int:
    """Delete unfinished uploads, bytes first; return how many there were."""
    over = Delivery.ends_at <= at
    ids = (await session.scalars(select(Delivery.id).where(over))).all()
    gone = 0
    for delivery_id in ids:
        # Somebody announcing it again right now waits until its bytes are gone, or has already kept it.
        delivery = await session.scalar(select(Delivery).where(Delivery.id == delivery_id, over).with_for_update())
        if delivery is not None:
            if delivery.attempt is not None:
                await store.give_up_parts(delivery.key, delivery.attempt)
            await store.remove(delivery.key)
            await session.delete(delivery)
            gone += 1
        await session.commit()
    return gone


def _placement(delivery: Delivery) -> Placement:
    return Placement(
        application_id=delivery.application_id,
        folder_id=delivery.folder_id,
        document_type=delivery.document_type,
        field_name=delivery.field_name,
    )
