"""Taking files in, and removing them."""

from datetime import datetime
from io import SEEK_END
from typing import IO
from uuid import UUID, uuid4

import anyio.to_thread
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from lc_workflow.documents.events import (
    FileReplaced,
    FileRestored,
    FileSeenElsewhere,
    FileStored,
)
from lc_workflow.documents.kinds.service import folder_for
from lc_workflow.documents.library.access import DELETE, files_visible_to, reaches
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import Placement
from lc_workflow.documents.library.service.duplicates import seen_elsewhere
from lc_workflow.documents.library.service.examination import digest_of, examined
from lc_workflow.documents.library.service.previews import MAKE_PREVIEWS
from lc_workflow.documents.library.service.quota import check_room
from lc_workflow.documents.library.service.reading import FileReading
from lc_workflow.documents.library.service.refusals import (
    BelongsToAnother,
    FileIdTaken,
    NotYourFile,
)
from lc_workflow.documents.library.service.removal import bring_back, put_aside, removal_of
from lc_workflow.documents.library.service.versions import step_back, step_forward, succeed
from lc_workflow.documents.rules.uploads import VirusFound, check_size, check_type, display_name, named_as
from lc_workflow.kernel.errors import DomainError, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.reading import only_reads
from lc_workflow.platform.jobs import ask_for


class FileService(FileReading):
    """The files a person may see, taken in and removed."""

    async def welcome(self, wish: Placement, *, size: int, content_type: str, principal: Principal) -> None:
        """Check beforehand whether an upload would be accepted; its content is checked when it is here.

        Raises:
            Missing: The application or the folder is not there.
            FolderElsewhere: The folder belongs to another application.
            PapersClosed: The application takes no papers any more.
            EmptyFile: There is nothing in it.
            FileTooLarge: There is too much in it.
            TypeNotAllowed: Files of this kind are not taken.
            ApplicationFull: The papers of the application take all the room they may.
        """
        check_size(size, most=self._most_bytes)
        check_type(content_type, allowed=self._types)
        await self._check_place(wish, size, principal=principal)

    async def _check_place(self, wish: Placement, size: int, *, principal: Principal) -> None:
        """Check that a file may be put there; checked again under a lock when its row is written."""
        application_id = await self._folders.place(wish.application_id, wish.folder_id, principal=principal, lock=False)
        await check_room(self.session, application_id, size, most=self._quota)

    async def arrived(
        self,
        file_id: UUID,
        *,
        principal: Principal,
        application_id: UUID | None = None,
        sha256: bytes | None = None,
    ) -> File | None:
        """Find the file a client uploaded before under its own id, or None when it has not come yet.

        Raises:
            FileIdTaken: Another file has this id: somebody else's, one for another application or with another
                `sha256`, or one that is not theirs to see any more.
        """
        file = await self.session.get(File, file_id)
        if file is None:
            return None
        theirs = select(File.id).where(File.id == file_id, files_visible_to(principal, self._access))
        if file.uploaded_by != principal.id or await self.session.scalar(theirs) is None:
            raise FileIdTaken("Another file has this id, or had it until it was removed; make a new one.")
        if application_id not in {None, file.application_id}:
            raise _another_paper()
        if sha256 is not None:
            _check_content(file, sha256)
        return file

    async def take_in(
        self,
        source: IO[bytes],
        name: str,
        wish: Placement,
        *,
        principal: Principal,
        at: datetime,
        file_id: UUID | None = None,
        beside: Row | None = None,
        replaces: File | None = None,
    ) -> File:
        """Store an uploaded file: its bytes first, then its row, so that no row is ever without bytes.

        With a client-made `file_id`, a repeated upload is one file: the first; another paper needs an id of its own.
        `beside` is a row about the file that refers to it and is written with it. A paper it `replaces` stays readable.

        Raises:
            FileIdTaken: Another file has this id.
            StillArriving: Another request is taking in the same file at this moment.
            Missing: The application or the folder is not there.
            FolderElsewhere: The folder belongs to another application.
            PapersClosed: The application takes no papers any more.
            EmptyFile: There is nothing in it.
            FileTooLarge: There is too much in it.
            TypeNotAllowed: Its content is of a kind that is not taken, whatever its name says.
            VirusFound: The scanner found one.
            HarmfulContent, NotAPicture, PictureTooLarge: See `examined`.
            ApplicationFull: The papers of the application take all the room they may.
            ReplacedMeanwhile, BelongsToAnother: See `succeed`.
            Unavailable: The bytes cannot be stored now.
        """
        only_reads(self.session)  # until the bytes are stored
        into = wish.application_id
        if file_id and (before := await self.arrived(file_id, principal=principal, application_id=into)):
            _check_content(before, await anyio.to_thread.run_sync(digest_of, source))
            return before
        await self._check_place(wish, source.seek(0, SEEK_END), principal=principal)
        await self.session.commit()  # gives the connection back while the bytes are sent
        shown = display_name(name)
        if virus := await self._scanner.virus_in(source):
            raise VirusFound(f"The scanner found {virus} in this file; clean the device it came from.")
        async with examined(source, most_bytes=self._most_bytes, types=self._types) as found:
            file = File(
                id=file_id or uuid4(),
                key=f"{at:%Y/%m}/{uuid4()}",
                original_filename=shown,
                display_name=named_as(shown, found.mime_type),
                file_size=found.size,
                mime_type=found.mime_type,
                sha256=found.sha256,
                arrived_sha256=found.arrived_sha256,
                document_type=wish.document_type,
                field_name=wish.field_name,
                uploaded_by=principal.id,
                created_at=at,
                bound=beside is not None,
                version=1,
            )
            if found.facts is not None:
                file.width, file.height = found.facts.width, found.facts.height
                file.latitude, file.longitude = found.facts.latitude, found.facts.longitude
            await self._store.put(file.key, found.source, size=found.size, content_type=found.mime_type)
        try:
            async with self.transaction():
                await self._file_under(file, wish, replaces, principal=principal, at=at)
                if beside is not None:
                    self.session.add(beside)
        except (DomainError, DBAPIError) as refusal:
            # if the connection broke, the commit may have succeeded: then the row needs its bytes
            if not (isinstance(refusal, DBAPIError) and refusal.connection_invalidated):
                await self._store.remove(file.key)
            raise
        return file

    async def replace(
        self,
        before_id: UUID,
        source: IO[bytes],
        name: str,
        *,
        principal: Principal,
        at: datetime,
        file_id: UUID | None = None,
    ) -> File:
        """Store a newer version of a paper; the one before stays readable.

        Raises:
            Missing, PapersClosed, EmptyFile, FileTooLarge, TypeNotAllowed, HarmfulContent: See `take_in`.
            ReplacedMeanwhile, BelongsToAnother, ApplicationFull, Unavailable: Likewise.
        """
        before = await self.read(before_id, principal=principal)
        wish = Placement(application_id=before.application_id)
        return await self.take_in(source, name, wish, principal=principal, at=at, file_id=file_id, replaces=before)

    async def remove(self, file_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Remove a file: nobody sees it any more, and until its retention ends it can be brought back.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
            NotYourFile: Somebody else uploaded it, and this person removes only their own.
            BelongsToAnother: It is the picture of something else, and goes only with that.
            PapersClosed: Its application takes no changes any more.
            ReplacedMeanwhile: There is a newer version, which stands on this one.
        """
        async with self.transaction():
            file = await self._locked(file_id, principal=principal)
            if file.bound:
                raise BelongsToAnother("This is the picture of a selfie; remove the selfie, and it goes with it.")
            await self.let_go(file, principal=principal, at=at)
        await put_aside(self.session, self._store, file)

    async def let_go(self, file: File, *, principal: Principal, at: datetime) -> None:
        """Mark a locked file as removed, in the running transaction; `put_aside` follows after the commit."""
        await step_back(self.session, file)
        file.deleted_at = at
        file.deleted_by = principal.id
        file.bound = False
        self.announce(removal_of(file, by=principal.id, at=at))

    async def restore(self, file_id: UUID, *, principal: Principal, at: datetime) -> File:
        """Bring back a removed file whose retention is not over.

        Raises:
            Missing: There is no such file among the removed, or it is not theirs to see, or its bytes are lost.
            NotYourFile: Somebody else uploaded it, and this person restores only their own.
            PapersClosed: Its application takes no changes any more.
            ApplicationFull: The papers of its application take all the room they may.
            ReplacedMeanwhile: Another version took its place.
            Unavailable: The store cannot be used now.
        """
        async with self.transaction():
            file = await self._locked(file_id, principal=principal, removed=True)
            if file.deleted_at is None or file.deleted_at + self._kept_for <= at:
                raise Missing("This file was removed too long ago to be brought back.")
            await check_room(self.session, file.application_id, file.file_size, most=self._quota, lock=True)
            await step_forward(self.session, file, at=at)
            file.deleted_at = None
            file.deleted_by = None
            if file.folder_id is None:
                await self._file_by_kind(file, principal=principal, at=at)
            self.announce(
                FileRestored(actor_id=principal.id, at=at, file_id=file.id, application_id=file.application_id)
            )
            if file.is_image:
                file.previews = None
                await ask_for(self.session, MAKE_PREVIEWS, file_id=file.id)
            await bring_back(self._store, file)
        return file

    async def _locked(self, file_id: UUID, *, principal: Principal, removed: bool = False) -> File:
        """Load and lock a file that is to be changed, after its application, as everywhere."""
        visible = files_visible_to(principal, self._access, removed=removed)
        file = await self.find(visible, id=file_id)
        if not reaches(principal, DELETE, owner_id=file.uploaded_by, application_id=file.application_id):
            raise NotYourFile("Only the person who uploaded this file may remove it, bring it back or replace it.")
        if file.application_id is not None:
            await self._folders.hold_open(file.application_id, principal=principal)
        return await self.find(visible, id=file_id, lock=True)

    async def _file_under(
        self, file: File, wish: Placement, replaces: File | None, *, principal: Principal, at: datetime
    ) -> None:
        """Write the row, in the folder asked for or in the one for its kind."""
        file.application_id = await self._folders.place(wish.application_id, wish.folder_id, principal=principal)
        file.folder_id = wish.folder_id
        await check_room(self.session, file.application_id, file.file_size, most=self._quota, lock=True)
        if replaces is not None:
            before = await self.find(files_visible_to(principal, self._access), id=replaces.id, lock=True)
            succeed(file, before, at=at)
            self.announce(
                FileReplaced(
                    actor_id=principal.id,
                    at=at,
                    file_id=before.id,
                    application_id=before.application_id,
                    by_id=file.id,
                )
            )
        if file.folder_id is None:
            await self._file_by_kind(file, principal=principal, at=at)
        self.session.add(file)
        if file.is_image:
            await ask_for(self.session, MAKE_PREVIEWS, file_id=file.id)
        self.announce(
            FileStored(
                actor_id=principal.id,
                at=at,
                file_id=file.id,
                application_id=file.application_id,
                document_type=file.document_type,
                mime_type=file.mime_type,
                file_size=file.file_size,
                sha256=file.sha256.hex(),
            )
        )
        await self.session.flush()
        if await seen_elsewhere(self.session, [file], self._access):
            self.announce(
                FileSeenElsewhere(
                    actor_id=principal.id,
                    at=at,
                    file_id=file.id,
                    application_id=file.application_id,
                    sha256=file.sha256.hex(),
                )
            )

    async def _file_by_kind(self, file: File, *, principal: Principal, at: datetime) -> None:
        """Put a paper of an application into the folder of its kind."""
        if file.application_id is not None and file.document_type is not None:
            file.folder_id, _ = await self._folders.found_or_made(
                await folder_for(self.session, file.document_type),
                application_id=file.application_id,
                parent_id=None,
                principal=principal,
                at=at,
            )


def _check_content(arrived: File, sha256: bytes) -> None:
    """Refuse other bytes than those that arrived under the same id."""
    if sha256 != arrived.brought_sha256:
        raise _another_paper()


def _another_paper() -> FileIdTaken:
    return FileIdTaken("Another file of yours has this id; make a new one for this one.")
