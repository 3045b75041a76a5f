"""Taking files in, and handing out links to them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import IO, Final
from uuid import UUID, uuid4

from advanced_alchemy.filters import LimitOffset, OrderBy
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import FileOpened, FileRestored, FileStored
from lc_workflow.documents.kinds.service import folder_for
from lc_workflow.documents.library.access import DELETE, files_visible_to, reaches
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import Placement
from lc_workflow.documents.library.service.examination import examined
from lc_workflow.documents.library.service.folders import FolderService
from lc_workflow.documents.library.service.previews import MAKE_PREVIEWS, PreviewSize, preview_key
from lc_workflow.documents.library.service.refusals import (
    BelongsToAnother,
    FileIdTaken,
    NoPreview,
    NotYourFile,
    PreviewNotReady,
)
from lc_workflow.documents.library.service.removal import bring_back, put_aside, removal_of
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.documents.rules.uploads import check_size, check_type, display_name, named_as
from lc_workflow.kernel.errors import DomainError, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.jobs import ask_for
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore

LINK_LIFETIME: Final = timedelta(minutes=15)
"""How long a link to a file works: long enough to read a paper, short enough for one that is passed on."""


class FileService(Service[File]):
    """The files a person may see."""

    class Repo(SQLAlchemyAsyncRepository[File]):
        """Files as rows."""

        model_type = File

    repository_type = Repo
    noun = "file"

    def __init__(
        self,
        session: AsyncSession,
        *,
        store: ObjectStore,
        access: ApplicationAccess,
        most_bytes: int,
        types: Collection[str],
        kept_for: timedelta = timedelta(days=30),
    ) -> None:
        """Open the service on the request's session; files have at most `most_bytes` and one of `types`.

        `kept_for` is how long a removed file can be brought back.
        """
        super().__init__(session)
        self._store = store
        self._access = access
        self._most_bytes = most_bytes
        self._types = types
        self._kept_for = kept_for
        self._folders = FolderService(session, access=access)

    async def page(
        self,
        window: Window,
        *,
        application_id: UUID | None,
        folder_id: UUID | None,
        search: str | None,
        removed: bool = False,
        principal: Principal,
    ) -> tuple[Sequence[File], int]:
        """List the files that count, newest first, or those that were `removed`, with how many there are in all."""
        where: list[ColumnElement[bool]] = [files_visible_to(principal, self._access, removed=removed)]
        if not removed:
            where.append(File.standing())
        if application_id is not None:
            where.append(File.application_id == application_id)
        if folder_id is not None:
            where.append(File.folder_id == folder_id)
        if search:
            where.append(contains(File.display_name, search))
        return await self.get_many_and_count(
            *where, LimitOffset(window.size, window.offset), OrderBy("created_at", "desc"), OrderBy("id")
        )

    async def read(self, file_id: UUID, *, principal: Principal) -> File:
        """Show one file.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
        """
        return await self.find(files_visible_to(principal, self._access), id=file_id)

    async def welcome(self, wish: Placement, *, size: int, content_type: str, principal: Principal) -> None:
        """Say whether a file would be taken in that has still to come; its content is judged when it is here.

        Raises:
            Missing: The application or the folder is not there.
            FolderElsewhere: The folder belongs to another application.
            PapersClosed: The application takes no papers any more.
            EmptyFile: There is nothing in it.
            FileTooLarge: There is too much in it.
            TypeNotAllowed: Files of this kind are not taken.
        """
        check_size(size, most=self._most_bytes)
        check_type(content_type, allowed=self._types)
        await self._folders.place(wish.application_id, wish.folder_id, principal=principal)

    async def arrived(self, file_id: UUID, *, principal: Principal) -> File | None:
        """Find the file a client uploaded before under an id of its own, or None when it has not come yet.

        Raises:
            FileIdTaken: Another file has this id.
        """
        file = await self.session.get(File, file_id)
        if file is not None and (file.uploaded_by != principal.id or file.deleted_at is not None):
            raise FileIdTaken("Another file has this id, or had it until it was removed; make a new one.")
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
    ) -> File:
        """Keep an uploaded file: its bytes first, then its row, so that no row is ever without bytes.

        With a `file_id` the client made itself, an upload that is repeated is one file: the first. What is known of
        the file elsewhere stands `beside` it, as a row that refers to it and is written with it.

        Raises:
            FileIdTaken: Another file has this id.
            StillArriving: Another request is taking in the same file at this moment.
            Missing: The application or the folder is not there.
            FolderElsewhere: The folder belongs to another application.
            PapersClosed: The application takes no papers any more.
            EmptyFile: There is nothing in it.
            FileTooLarge: There is too much in it.
            TypeNotAllowed: Its content is of a kind that is not taken, whatever its name says.
            HarmfulContent, NotAPicture, PictureTooLarge: See `examined`.
            Unavailable: The bytes cannot be stored now.
        """
        if file_id is not None and (before := await self.arrived(file_id, principal=principal)):
            return before
        await self._folders.place(wish.application_id, wish.folder_id, principal=principal)
        await self.session.commit()  # others get the connection while the bytes travel
        shown = display_name(name)
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
                await self._file_under(file, wish, principal=principal, at=at)
                if beside is not None:
                    await self.session.flush()
                    self.session.add(beside)
        except (DomainError, DBAPIError) as refusal:
            # where the connection broke, the commit may have gone through before: then the row needs its bytes
            if not (isinstance(refusal, DBAPIError) and refusal.connection_invalidated):
                await self._store.remove(file.key)
            raise
        return file

    async def open(self, file_id: UUID, *, principal: Principal, at: datetime) -> File:
        """Show one file to somebody who is going to open it, and put that on record.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
        """
        async with self.transaction():
            file = await self.read(file_id, principal=principal)
            self.announce(FileOpened(actor_id=principal.id, at=at, file_id=file.id, application_id=file.application_id))
        return file

    async def link_to(self, file: File, *, base_url: str, inline: bool = False) -> str:
        """Make a link to a file's content that needs no header; `inline` shows an image rather than saving it."""
        return await self._store.link(
            file.key,
            filename=file.display_name,
            content_type=file.mime_type,
            lifetime=LINK_LIFETIME,
            base_url=base_url,
            inline=inline and file.is_image,
        )

    async def preview_of(
        self, file_id: UUID, size: PreviewSize, *, principal: Principal, base_url: str, at: datetime
    ) -> str:
        """Make a link to a small picture of a file, and put on record who was shown it.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
            NoPreview: It is no picture, or one that cannot be made small.
            PreviewNotReady: It is still being made; this asks for it once more.
        """
        async with self.transaction():
            file = await self.read(file_id, principal=principal)
            if not file.is_image or file.previews is False:
                raise NoPreview("There is no preview of this file; open the file itself.")
            if ready := file.previews is True:
                self.announce(
                    FileOpened(actor_id=principal.id, at=at, file_id=file.id, application_id=file.application_id)
                )
            else:
                await ask_for(self.session, MAKE_PREVIEWS, queueing_lock=f"previews:{file.id}", file_id=file.id)
        if not ready:
            raise PreviewNotReady("The preview is just being made; ask again in a moment.", retry_after=2)
        return await self._store.link(
            preview_key(file.id, size),
            filename=f"{size}.jpg",
            content_type="image/jpeg",
            lifetime=LINK_LIFETIME,
            base_url=base_url,
            inline=True,
        )

    async def remove(self, file_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Take a file away: nobody sees it any more, and until its retention ends it can be brought back.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
            NotYourFile: Somebody else uploaded it, and this person removes only their own.
            BelongsToAnother: It is the picture of something else, and goes only with that.
            PapersClosed: Its application takes no changes any more.
        """
        async with self.transaction():
            file = await self._held(file_id, principal=principal)
            if file.bound:
                raise BelongsToAnother("This is the picture of a selfie; remove the selfie, and it goes with it.")
            await self.let_go(file, principal=principal, at=at)
        await put_aside(self._store, file)

    async def let_go(self, file: File, *, principal: Principal, at: datetime) -> None:
        """Mark a locked file as removed, in the running transaction; `put_aside` follows after the commit."""
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
            Unavailable: The store cannot be used now.
        """
        async with self.transaction():
            file = await self._held(file_id, principal=principal, removed=True)
            if file.deleted_at is None or file.deleted_at + self._kept_for <= at:
                raise Missing("This file was removed too long ago to be brought back.")
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

    async def _held(self, file_id: UUID, *, principal: Principal, removed: bool = False) -> File:
        """Load a file that is to be changed, and lock it after its application, as everyone does."""
        visible = files_visible_to(principal, self._access, removed=removed)
        file = await self.find(visible, id=file_id)
        if not reaches(principal, DELETE, owner_id=file.uploaded_by, application_id=file.application_id):
            raise NotYourFile("Only the person who uploaded this file may remove it, bring it back or replace it.")
        if file.application_id is not None:
            await self._folders.hold_open(file.application_id, principal=principal)
        return await self.find(visible, id=file_id, lock=True)

    async def _file_under(self, file: File, wish: Placement, *, principal: Principal, at: datetime) -> None:
        """Write the row, in the folder that was asked for or in the one its kind belongs in."""
        file.application_id = await self._folders.place(wish.application_id, wish.folder_id, principal=principal)
        file.folder_id = wish.folder_id
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
