"""Finding files, and handing out links to them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import structs
from sqlalchemy import ColumnElement, Exists, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import (
    FileChecked,
    FileOpened,
)
from lc_workflow.documents.library.access import files_visible_to
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import FileAnswer
from lc_workflow.documents.library.service.duplicates import Found, duplicates_of, seen_elsewhere
from lc_workflow.documents.library.service.folders import FolderService
from lc_workflow.documents.library.service.integrity import Measured, measured
from lc_workflow.documents.library.service.previews import MAKE_PREVIEWS, PreviewSize, preview_key
from lc_workflow.documents.library.service.refusals import (
    NoPreview,
    PreviewNotReady,
)
from lc_workflow.documents.library.service.showing import Shown
from lc_workflow.documents.library.service.versions import versions_of
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.long_lists import Key, Part, cut
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.jobs import ask_for
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.clamd import NoScanner, Scanner

UNSEEN: Final = NoScanner()

_NEWEST: Final = (Key(File.created_at, descending=True), Key(File.id))

LINK_LIFETIME: Final = timedelta(minutes=15)
"""How long a link to a file works: long enough to read a paper, short in case it is passed on."""


class FileReading(Service[File]):
    """The files a person may see."""

    noun = "file"

    def __init__(
        self,
        session: AsyncSession,
        *,
        store: ObjectStore,
        access: ApplicationAccess,
        most_bytes: int,
        types: Collection[str],
        kept_for: timedelta,
        quota: int,
        scanner: Scanner = UNSEEN,
    ) -> None:
        """Open the service on the request's session; files have at most `most_bytes` and one of `types`.

        `kept_for` is how long a removed file can be brought back, `quota` how many bytes the papers of one application
        may take; the `scanner` looks at all that is taken in.
        """
        super().__init__(session)
        self._store = store
        self._access = access
        self._most_bytes = most_bytes
        self._types = types
        self._kept_for = kept_for
        self._quota = quota
        self._scanner = scanner
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
    ) -> Part[File]:
        """List the files that count, newest first, or those that were `removed`.

        Raises:
            BadCursor: The cursor is none of this list.
        """
        where: list[ColumnElement[bool]] = [files_visible_to(principal, self._access, removed=removed)]
        if not removed:
            where.append(File.standing())
        if application_id is not None:
            where.append(File.application_id == application_id)
        if folder_id is not None:
            where.append(File.folder_id == folder_id)
        if search and (looks_like := plain(search)):
            where.append(contains(File.display_name, looks_like))
        count = select(func.count()).select_from(File).where(*where)
        part = await cut(self.session, select(File).where(*where), window, *_NEWEST, count=count)
        return replace(part, rows=[file for (file,) in part.rows])

    async def read(self, file_id: UUID, *, principal: Principal) -> File:
        """Show one file.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
        """
        return await self.find(files_visible_to(principal, self._access), id=file_id)

    async def versions(self, file_id: UUID, *, principal: Principal) -> Sequence[File]:
        """List all versions of a paper, newest first.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
        """
        file = await self.read(file_id, principal=principal)
        return await versions_of(self.session, file, files_visible_to(principal, self._access))

    async def seen_elsewhere(self, *files: File) -> set[UUID]:
        """Say which of these files were handed in for another person too."""
        return await seen_elsewhere(self.session, files, self._access)

    async def duplicates(self, file_id: UUID, *, principal: Principal) -> Found:
        """Find the same on other persons' applications: what this person may see, and how many there are.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
        """
        file = await self.read(file_id, principal=principal)
        return await duplicates_of(self.session, file, self._access, files_visible_to(principal, self._access))

    async def check(self, file_id: UUID, *, principal: Principal, at: datetime) -> tuple[File, Measured]:
        """Read a file's bytes in the store, compare them with what was uploaded, and record the result.

        Raises:
            Missing: There is no such file, or it is not theirs to see; or it was removed meanwhile.
            Unavailable: The store cannot be used now.
        """
        file = await self.read(file_id, principal=principal)
        await self.session.commit()  # others get the connection while the bytes travel
        found = await measured(self._store, file)
        async with self.transaction():
            if found.sha256 != file.sha256:  # nobody has changed what was just removed
                await self.read(file_id, principal=principal)
            self.announce(
                FileChecked(
                    actor_id=principal.id,
                    at=at,
                    file_id=file.id,
                    application_id=file.application_id,
                    intact=found.sha256 == file.sha256,
                )
            )
        return file, found

    async def open(self, file_id: UUID, *, principal: Principal, at: datetime) -> File:
        """Load one file for somebody who is going to open it, and record that.

        Raises:
            Missing: There is no such file, or it is not theirs to see.
        """
        async with self.transaction():
            file = await self.read(file_id, principal=principal)
            self.announce(FileOpened(actor_id=principal.id, at=at, file_id=file.id, application_id=file.application_id))
        return file

    async def preview_of(
        self, file_id: UUID, size: PreviewSize, *, principal: Principal, base_url: str, at: datetime
    ) -> str:
        """Make a link to a small picture of a file, and record who was shown it.

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
        return await self._link_to_preview(file.id, size, base_url=base_url)

    async def show(self, shown: Shown, *, base_url: str, at: datetime) -> str:
        """Follow a person's own link to a picture, and record that they were shown it.

        If they have opened the file since the link was given, that is on record already.

        Raises:
            Missing: The picture was removed meanwhile.
        """
        async with self.transaction():
            file = await self.session.get(File, shown.file_id)
            if file is None or file.deleted_at is not None:
                raise Missing("This file is no longer kept.")
            if not await self.session.scalar(select(_opened_since(shown))):
                self.announce(
                    FileOpened(actor_id=shown.person_id, at=at, file_id=file.id, application_id=file.application_id)
                )
        if file.previews:
            return await self._link_to_preview(file.id, PreviewSize.WEB, base_url=base_url)
        return await self.link_to(file, base_url=base_url, inline=True)

    async def just_brought(self, file: File, *, base_url: str, at: datetime) -> FileAnswer:
        """Show a file to whoever has just uploaded it, with links to it.

        After those have expired, asking again gives none: opening the file then goes on record.
        """
        answer = structs.replace(shaped(file, FileAnswer), seen_elsewhere=bool(await self.seen_elsewhere(file)))
        if at >= file.created_at + LINK_LIFETIME:
            return answer
        return structs.replace(
            answer,
            url=await self.link_to(file, base_url=base_url),
            preview_url=await self.link_to(file, base_url=base_url, inline=True) if file.is_image else None,
            expires_at=at + LINK_LIFETIME,
        )

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

    async def _link_to_preview(self, file_id: UUID, size: PreviewSize, *, base_url: str) -> str:
        return await self._store.link(
            preview_key(file_id, size),
            filename=f"{size}.jpg",
            content_type="image/jpeg",
            lifetime=LINK_LIFETIME,
            base_url=base_url,
            inline=True,
        )


def _opened_since(shown: Shown) -> Exists:
    return exists().where(
        JournalEntry.subject == FileOpened.subject,
        JournalEntry.subject_id == shown.file_id,
        JournalEntry.kind == FileOpened.__name__,
        JournalEntry.actor_id == shown.person_id,
        JournalEntry.at >= shown.given_at,
    )
