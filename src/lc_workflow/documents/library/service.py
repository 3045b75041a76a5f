"""Taking files in, filing them, handing out links to them, and keeping the folders."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from io import SEEK_END
from typing import IO, Final
from uuid import UUID, uuid4

import anyio.to_thread
import structlog
from advanced_alchemy.filters import LimitOffset, OrderBy
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import FileOpened, FileRemoved, FileStored, FolderMade, FolderRemoved, FolderRenamed
from lc_workflow.documents.library.access import (
    DELETE,
    MAKE_FOLDERS,
    REMOVE_FOLDERS,
    files_visible_to,
    folders_visible_to,
    only,
    reaches,
)
from lc_workflow.documents.library.models import File, Folder
from lc_workflow.documents.library.schemas import (
    FolderAnswer,
    FolderChange,
    FolderTree,
    Hierarchy,
    NewFolder,
    Placement,
)
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.documents.rules.filing import folder_for
from lc_workflow.documents.rules.uploads import check_size, check_type, display_name, named_as
from lc_workflow.kernel.errors import Busy, DomainError, Forbidden, Invalid, Missing, Unavailable
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.sniffing import content_type_of

LINK_LIFETIME: Final = timedelta(minutes=15)
"""How long a link to a file works: long enough to read a paper, short enough for one that is passed on."""

MOST_FOLDERS: Final = 1_000
"""Folders in one answer; an application has about ten."""

DEEPEST: Final = 10
"""How many folders may lie in one another."""

_log = structlog.stdlib.get_logger()


class PapersClosed(Invalid):
    """The papers of this application are no longer added to or taken from, at least not by this person."""


class NotYourFile(Forbidden):
    """The file was uploaded by somebody else."""


class FileIdTaken(Invalid):
    """The id a client made for its file is that of somebody else's."""


class StillArriving(Busy):
    """The same file is being taken in by another request."""

    def __init__(self) -> None:
        super().__init__("This file is just being taken in; ask again in a moment.")


class NotYourFolder(Forbidden):
    """The folder was made by somebody else."""


class FolderElsewhere(Invalid):
    """The folder belongs to another application."""


class FolderNotEmpty(Invalid):
    """There are files or folders in it."""


class FolderNameTaken(Invalid):
    """Another folder in the same place has this name."""


class FolderTooDeep(Invalid):
    """Folders lie in one another too deeply."""


def removal_of(file: File, *, by: UUID, at: datetime) -> FileRemoved:
    """The fact that a file was taken away; it keeps what an auditor needs to find the bytes in a backup."""
    return FileRemoved(
        actor_id=by,
        at=at,
        file_id=file.id,
        application_id=file.application_id,
        document_type=file.document_type,
        sha256=file.sha256.hex(),
        key=file.key,
    )


async def clear_away(store: ObjectStore, *files: File) -> None:
    """Remove the bytes of files whose rows are gone: for everyone who asks these are gone already, so nothing fails."""
    for file in files:
        try:
            await store.remove(file.key)
        except Unavailable:
            _log.warning("bytes of a removed file left in the store", file=str(file.id), key=file.key)


class FolderService(Service[Folder]):
    """The folders a person may see."""

    class Repo(SQLAlchemyAsyncRepository[Folder]):
        """Folders as rows."""

        model_type = Folder

    repository_type = Repo
    noun = "folder"

    def __init__(self, session: AsyncSession, *, access: ApplicationAccess) -> None:
        """Open the service on the request's session; `access` knows who sees which application."""
        super().__init__(session)
        self._access = access

    async def listed(
        self, *, application_id: UUID | None, parent_id: UUID | None, principal: Principal
    ) -> list[FolderAnswer]:
        """List folders by name, at most a thousand."""
        where: list[ColumnElement[bool]] = []
        if application_id is not None:
            where.append(Folder.application_id == application_id)
        if parent_id is not None:
            where.append(Folder.parent_id == parent_id)
        return await self._counted(*where, principal=principal)

    async def read(self, folder_id: UUID, *, principal: Principal) -> FolderAnswer:
        """Show one folder.

        Raises:
            Missing: There is no such folder, or it is not theirs to see.
        """
        found = await self._counted(Folder.id == folder_id, principal=principal)
        if not found:
            raise Missing("There is no such folder, or it is not yours to see.")
        return found[0]

    async def tree_of(self, application_id: UUID, *, principal: Principal) -> Hierarchy:
        """Show all folders of an application within one another.

        Raises:
            Missing: There is no such application, or it is not theirs to see.
        """
        if await self.session.scalar(only(self._access.readable(principal), application_id)) is None:
            raise Missing("There is no such application, or it is not yours to see.")
        folders = await self._counted(Folder.application_id == application_id, principal=principal)
        files = await self.session.scalar(select(func.count()).where(File.application_id == application_id))
        return Hierarchy(application_id, _trees(folders), len(folders), files or 0)

    async def make(self, wish: NewFolder, *, principal: Principal, at: datetime) -> tuple[FolderAnswer, bool]:
        """Make a folder, or find the one that has this name in this place; the flag tells which it was.

        Raises:
            Missing: The application or the parent is not there.
            FolderElsewhere: The parent belongs to another application.
            FolderTooDeep: The parent lies too deep already.
            PapersClosed: The application takes no papers any more.
        """
        async with self.transaction():
            application_id = await self.place(wish.application_id, wish.parent_id, principal=principal)
            if wish.parent_id is not None and await self._depth_of(wish.parent_id) >= DEEPEST:
                raise FolderTooDeep(f"At most {DEEPEST} folders may lie in one another.")
            folder_id, made = await self.found_or_made(
                wish.name, application_id=application_id, parent_id=wish.parent_id, principal=principal, at=at
            )
            return await self.read(folder_id, principal=principal), made

    async def rename(self, folder_id: UUID, wish: FolderChange, *, principal: Principal, at: datetime) -> FolderAnswer:
        """Give a folder another name.

        Raises:
            Missing: There is no such folder, or it is not theirs to see.
            NotYourFolder: It is another person's.
            PapersClosed: Its application takes no changes any more.
            FolderNameTaken: Another folder beside it has the name.
        """
        async with self.transaction():
            folder = await self._held(folder_id, MAKE_FOLDERS, principal=principal)
            folder.name = wish.name
            folder.updated_at = at
            self.announce(
                FolderRenamed(actor_id=principal.id, at=at, folder_id=folder.id, application_id=folder.application_id)
            )
            await self.session.flush()
            return await self.read(folder_id, principal=principal)

    async def remove(self, folder_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Take an empty folder away.

        Raises:
            Missing: There is no such folder, or it is not theirs to see.
            NotYourFolder: It is another person's.
            PapersClosed: Its application takes no changes any more.
            FolderNotEmpty: Something is in it.
        """
        async with self.transaction():
            folder = await self._held(folder_id, REMOVE_FOLDERS, principal=principal)
            # nothing can come into it any more: a row that refers to it needs a lock that ours keeps away
            inside = or_(
                select(File.id).where(File.folder_id == folder_id).exists(),
                select(Folder.id).where(Folder.parent_id == folder_id).exists(),
            )
            if await self.session.scalar(select(inside)):
                raise FolderNotEmpty("There are files or folders in it; take them out first.")
            await self.session.delete(folder)
            self.announce(
                FolderRemoved(actor_id=principal.id, at=at, folder_id=folder.id, application_id=folder.application_id)
            )

    async def place(self, application_id: UUID | None, folder_id: UUID | None, *, principal: Principal) -> UUID | None:
        """Say to which application something belongs that comes into a folder, and hold that application open.

        Raises:
            Missing: The application or the folder is not there.
            FolderElsewhere: The folder belongs to another application.
            PapersClosed: The application takes no papers any more.
        """
        if folder_id is not None:
            folder = await self.find(folders_visible_to(principal, self._access), id=folder_id)
            application_id = application_id or folder.application_id
            if folder.application_id != application_id:
                raise FolderElsewhere("This folder is not one of this application; choose another.")
        if application_id is not None:
            await self.hold_open(application_id, principal=principal)
        return application_id

    async def hold_open(self, application_id: UUID, *, principal: Principal) -> None:
        """Make sure that papers may come and go, and keep the application from being decided until the commit.

        Raises:
            Missing: There is no such application, or it is not theirs to see.
            PapersClosed: It is decided, or others work on it.
        """
        writable = only(self._access.writable(principal), application_id).with_for_update(read=True)
        if await self.session.scalar(writable) is not None:
            return
        if await self.session.scalar(only(self._access.readable(principal), application_id)) is None:
            raise Missing("There is no such application, or it is not yours to see.")
        raise PapersClosed("The papers of this application stay as they are: it is decided, or others work on it.")

    async def found_or_made(
        self, name: str, *, application_id: UUID | None, parent_id: UUID | None, principal: Principal, at: datetime
    ) -> tuple[UUID, bool]:
        """Find a folder by its name and place, or make it; of several who do so at once, one makes it."""
        new_id = uuid4()
        folder_id = await self.session.scalar(
            insert(Folder)
            .values(
                id=new_id,
                name=name,
                parent_id=parent_id,
                application_id=application_id,
                created_by=principal.id,
                created_at=at,
                updated_at=at,
            )
            # an update that changes nothing: without it PostgreSQL does not answer with the row that is there
            .on_conflict_do_update(constraint="uq_folders_application_id_parent_id_name", set_={"name": name})
            .returning(Folder.id)
        )
        if folder_id == new_id:
            self.announce(FolderMade(actor_id=principal.id, at=at, folder_id=new_id, application_id=application_id))
        return folder_id or new_id, folder_id == new_id

    async def _counted(self, *where: ColumnElement[bool], principal: Principal) -> list[FolderAnswer]:
        """Load folders with their numbers of files in one statement."""
        files = select(func.count()).where(File.folder_id == Folder.id, files_visible_to(principal, self._access))
        rows = await self.session.execute(
            select(
                Folder.id,
                Folder.name,
                Folder.parent_id,
                Folder.application_id,
                files.scalar_subquery(),
                Folder.created_at,
                Folder.updated_at,
            )
            .where(folders_visible_to(principal, self._access), *where)
            .order_by(Folder.name, Folder.id)
            .limit(MOST_FOLDERS)
        )
        return [FolderAnswer(*row) for row in rows]

    async def _depth_of(self, folder_id: UUID) -> int:
        """Count a folder and those it lies in."""
        path = select(Folder.parent_id).where(Folder.id == folder_id).cte(recursive=True)
        path = path.union_all(select(Folder.parent_id).where(Folder.id == path.c.parent_id))
        return await self.session.scalar(select(func.count()).select_from(path)) or 0

    async def _held(self, folder_id: UUID, permission: str, *, principal: Principal) -> Folder:
        """Load a folder that is to be changed, and lock it after its application, as everyone does."""
        visible = folders_visible_to(principal, self._access)
        folder = await self.find(visible, id=folder_id)
        application_id = folder.application_id
        if not reaches(principal, permission, owner_id=folder.created_by, application_id=application_id):
            raise NotYourFolder("Only the person who made this folder may change it.")
        if application_id is not None:
            await self.hold_open(application_id, principal=principal)
        return await self.find(visible, id=folder_id, lock=True)


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
    ) -> None:
        """Open the service on the request's session; files have at most `most_bytes` and one of `types`."""
        super().__init__(session)
        self._store = store
        self._access = access
        self._most_bytes = most_bytes
        self._types = types
        self._folders = FolderService(session, access=access)

    async def page(
        self,
        window: Window,
        *,
        application_id: UUID | None,
        folder_id: UUID | None,
        search: str | None,
        principal: Principal,
    ) -> tuple[Sequence[File], int]:
        """List files, newest first, with how many there are in all."""
        where: list[ColumnElement[bool]] = [files_visible_to(principal, self._access)]
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
            FileIdTaken: Somebody else's file has this id.
        """
        file = await self.session.get(File, file_id)
        if file is not None and file.uploaded_by != principal.id:
            raise FileIdTaken("Another file has this id; make a new one.")
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
            FileIdTaken: Somebody else's file has this id.
            StillArriving: Another request is taking in the same file at this moment.
            Missing: The application or the folder is not there.
            FolderElsewhere: The folder belongs to another application.
            PapersClosed: The application takes no papers any more.
            EmptyFile: There is nothing in it.
            FileTooLarge: There is too much in it.
            TypeNotAllowed: Its content is of a kind that is not taken, whatever its name says.
            Unavailable: The bytes cannot be stored now.
        """
        if file_id is not None and (before := await self.arrived(file_id, principal=principal)):
            return before
        await self._folders.place(wish.application_id, wish.folder_id, principal=principal)
        await self.session.commit()  # others get the connection while the bytes travel
        file = await anyio.to_thread.run_sync(self._examined, source, name)
        file.id = file_id or uuid4()
        file.key = f"{at:%Y/%m}/{uuid4()}"
        file.uploaded_by = principal.id
        file.created_at = at
        file.document_type = wish.document_type
        file.field_name = wish.field_name
        await self._store.put(file.key, source, size=file.file_size, content_type=file.mime_type)
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

    async def remove(self, file_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Take a file away: its row first, then its bytes, so that no row is ever without bytes.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
            NotYourFile: Somebody else uploaded it, and this person removes only their own.
            PapersClosed: Its application takes no changes any more.
        """
        async with self.transaction():
            visible = files_visible_to(principal, self._access)
            file = await self.find(visible, id=file_id)
            if not reaches(principal, DELETE, owner_id=file.uploaded_by, application_id=file.application_id):
                raise NotYourFile("Only the person who uploaded this file may remove it.")
            if file.application_id is not None:
                await self._folders.hold_open(file.application_id, principal=principal)
            file = await self.find(visible, id=file_id, lock=True)
            await self.session.delete(file)
            self.announce(removal_of(file, by=principal.id, at=at))
        await clear_away(self._store, file)

    def _examined(self, source: IO[bytes], name: str) -> File:
        """Look at the content of an upload, and begin its row; it blocks, so it runs in a thread."""
        size = source.seek(0, SEEK_END)
        check_size(size, most=self._most_bytes)
        source.seek(0)
        sha256 = hashlib.file_digest(source, "sha256").digest()  # type: ignore[arg-type]  # it reads any binary file
        mime_type = check_type(content_type_of(source), allowed=self._types)
        shown = display_name(name)
        return File(
            original_filename=shown,
            display_name=named_as(shown, mime_type),
            file_size=size,
            mime_type=mime_type,
            sha256=sha256,
        )

    async def _file_under(self, file: File, wish: Placement, *, principal: Principal, at: datetime) -> None:
        """Write the row, in the folder that was asked for or in the one its kind belongs in."""
        file.application_id = await self._folders.place(wish.application_id, wish.folder_id, principal=principal)
        file.folder_id = wish.folder_id
        if file.folder_id is None and file.application_id is not None and wish.document_type is not None:
            file.folder_id, _ = await self._folders.found_or_made(
                folder_for(wish.document_type),
                application_id=file.application_id,
                parent_id=None,
                principal=principal,
                at=at,
            )
        self.session.add(file)
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


def _trees(folders: Sequence[FolderAnswer]) -> list[FolderTree]:
    """Put folders into one another."""
    children: dict[UUID | None, list[FolderAnswer]] = defaultdict(list)
    for folder in folders:
        children[folder.parent_id].append(folder)

    def under(parent_id: UUID | None) -> list[FolderTree]:
        return [FolderTree(**asdict(folder), children=under(folder.id)) for folder in children[parent_id]]

    return under(None)
