"""The paths of files and folders."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, SkipValidation
from litestar.response import Stream
from msgspec.structs import replace

from lc_workflow.documents.library.access import CREATE, DELETE, MAKE_FOLDERS, READ, READ_FOLDERS, REMOVE_FOLDERS
from lc_workflow.documents.library.schemas import (
    DownloadAnswer,
    FileAnswer,
    FolderAnswer,
    FolderChange,
    Hierarchy,
    NewFolder,
    Placement,
)
from lc_workflow.documents.library.service import LINK_LIFETIME, FileService, FolderService, PreviewSize
from lc_workflow.documents.ports import ForApplicationAccess
from lc_workflow.documents.rules.uploads import FileTooLarge, readable
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.compression import UNCOMPRESSED
from lc_workflow.platform.http.paging import WIDE_WINDOW, Page, Window
from lc_workflow.platform.http.problems import MEDIA_TYPE, Problem, refused
from lc_workflow.platform.http.provide import DbSession
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.http.uploads import most_bytes_of
from lc_workflow.platform.ratelimit import limit
from lc_workflow.platform.security.guards import PUBLIC, requires
from lc_workflow.platform.storage.base import Chunks, ObjectStore
from lc_workflow.platform.storage.disposition import content_disposition
from lc_workflow.platform.storage.local import LocalStore

ANY_FILE: Final = "application/octet-stream"

CONTENT_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Whatever a file holds, a browser that opens it runs nothing of it."""


class UploadForm(Placement, frozen=True, kw_only=True):
    """A file, where it belongs, and the id the client made for it, so that trying again does not make a second one."""

    file: UploadFile
    id: UUID | None = None


def open_folders(db_session: DbSession, application_access: ForApplicationAccess) -> FolderService:
    """Provide the folders."""
    return FolderService(db_session, access=application_access)


def open_files(
    db_session: DbSession,
    application_access: ForApplicationAccess,
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[Settings],
) -> FileService:
    """Provide the files."""
    return FileService(
        db_session,
        store=store,
        access=application_access,
        most_bytes=settings.max_file_size,
        types=settings.file_types,
        kept_for=timedelta(days=settings.removed_files_days),
    )


def too_large(request: Request[Any, Any, Any], _: RequestEntityTooLarge) -> Answer[Problem]:
    """Answer to a body that goes on beyond the largest file; the rest of it is not read."""
    most = readable(most_bytes_of(request))
    return refused(request, FileTooLarge(f"The file is larger than {most}; send a smaller one."))


class UploadController(Controller):
    """Taking files in."""

    path = "/api/v1/files/upload"
    tags = ("Files",)
    exception_handlers = {RequestEntityTooLarge: too_large}  # noqa: RUF012 - Litestar's own form

    @post(
        guards=[requires(CREATE), limit("10/minute", name="upload")],
        responses={413: ResponseSpec(Problem, description="The file is too large.", media_type=MEDIA_TYPE)},
    )
    async def upload(
        self,
        data: MultipartBody[UploadForm],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> FileAnswer:
        """Upload a file."""
        at = clock()
        file = await files.take_in(
            data.file.file, data.file.filename, data, principal=principal, at=at, file_id=data.id
        )
        return replace(
            shaped(file, FileAnswer),
            url=await files.link_to(file, base_url=base_url),
            preview_url=await files.link_to(file, base_url=base_url, inline=True) if file.is_image else None,
            expires_at=at + LINK_LIFETIME,
        )


class FileController(Controller):
    """Files."""

    path = "/api/v1/files"
    tags = ("Files",)
    dependencies = WIDE_WINDOW

    @get(guards=[requires(READ)])
    async def list_files(
        self,
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        application_id: FromQuery[UUID | None] = None,
        folder_id: FromQuery[UUID | None] = None,
        search: FromQuery[str | None] = None,
        removed: FromQuery[bool] = False,
    ) -> Page[FileAnswer]:
        """List files, newest first; with `removed` those that can be brought back."""
        rows, total = await files.page(
            window,
            application_id=application_id,
            folder_id=folder_id,
            search=search,
            removed=removed,
            principal=principal,
        )
        return Page.of([shaped(row, FileAnswer) for row in rows], total=total, window=window)

    @get("/{file_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
    ) -> FileAnswer:
        """Show what is known about a file."""
        return shaped(await files.read(file_id, principal=principal), FileAnswer)

    @get("/{file_id:uuid}/download", guards=[requires(READ)])
    async def download(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
        inline: FromQuery[bool] = False,
    ) -> DownloadAnswer:
        """Get a link to a file's content; with `inline` a browser shows an image instead of saving it."""
        file = await files.open(file_id, principal=principal, at=clock())
        link = await files.link_to(file, base_url=base_url, inline=inline)
        return DownloadAnswer(link, link, int(LINK_LIFETIME.total_seconds()))

    @get("/{file_id:uuid}/preview", guards=[requires(READ)])
    async def preview(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
        size: FromQuery[PreviewSize] = PreviewSize.WEB,
    ) -> DownloadAnswer:
        """Get a link to a small picture of a file: `thumb` for a list, `web` for a page."""
        link = await files.preview_of(file_id, size, principal=principal, base_url=base_url, at=clock())
        return DownloadAnswer(link, link, int(LINK_LIFETIME.total_seconds()))

    @delete("/{file_id:uuid}", guards=[requires(DELETE)])
    async def remove(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Take a file away; until its retention ends it can be brought back."""
        await files.remove(file_id, principal=principal, at=clock())

    @post("/{file_id:uuid}/restore", guards=[requires(DELETE)], status_code=200)
    async def restore(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> FileAnswer:
        """Bring back a file that was removed."""
        return shaped(await files.restore(file_id, principal=principal, at=clock()), FileAnswer)


class ContentController(Controller):
    """The bytes of files in a folder of this machine, behind signed links; an S3 store serves its own."""

    path = "/api/v1/files/content"
    tags = ("Files",)

    @get(
        "/{token:str}",
        opt={PUBLIC: True, UNCOMPRESSED: True},
        responses={200: ResponseSpec(bytes, generate_examples=False, description="The file.", media_type=ANY_FILE)},
    )
    async def send(self, token: FromPath[str], store: NamedDependency[SkipValidation[ObjectStore]]) -> Stream:
        """Get the content a signed link stands for."""
        if not isinstance(store, LocalStore):
            raise NotFoundException
        found = await store.read_link(token)
        return Stream(
            _sent(await store.get(found.key)),
            media_type=found.content_type,
            headers={
                **CONTENT_HEADERS,
                "Content-Disposition": content_disposition(found.filename, inline=found.inline),
                "Content-Length": str(found.size),
            },
        )


class FolderController(Controller):
    """Folders."""

    path = "/api/v1/folders"
    tags = ("Folders",)
    dependencies = {"folders": Provide(open_folders, sync_to_thread=False)}  # noqa: RUF012 - Litestar's own form

    @get(guards=[requires(READ_FOLDERS)])
    async def list_folders(
        self,
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
        application_id: FromQuery[UUID | None] = None,
        parent_id: FromQuery[UUID | None] = None,
    ) -> list[FolderAnswer]:
        """List folders by name, at most a thousand."""
        return await folders.listed(application_id=application_id, parent_id=parent_id, principal=principal)

    @post(
        guards=[requires(MAKE_FOLDERS)],
        responses={200: ResponseSpec(FolderAnswer, description="It was there.")},
    )
    async def make(
        self,
        data: JSONBody[NewFolder],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Response[FolderAnswer]:
        """Make a folder, or find the one of this name that is there already."""
        folder, made = await folders.make(data, principal=principal, at=clock())
        return Answer(folder, status_code=201 if made else 200)

    @get("/application/{application_id:uuid}/hierarchy", guards=[requires(READ_FOLDERS)])
    async def show_hierarchy(
        self,
        application_id: FromPath[UUID],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
    ) -> Hierarchy:
        """Show all folders of an application, one within another."""
        return await folders.tree_of(application_id, principal=principal)

    @get("/{folder_id:uuid}", guards=[requires(READ_FOLDERS)])
    async def read(
        self,
        folder_id: FromPath[UUID],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
    ) -> FolderAnswer:
        """Show one folder."""
        return await folders.read(folder_id, principal=principal)

    @patch("/{folder_id:uuid}", guards=[requires(MAKE_FOLDERS)])
    async def rename(
        self,
        folder_id: FromPath[UUID],
        data: JSONBody[FolderChange],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> FolderAnswer:
        """Give a folder another name."""
        return await folders.rename(folder_id, data, principal=principal, at=clock())

    @delete("/{folder_id:uuid}", guards=[requires(REMOVE_FOLDERS)])
    async def remove(
        self,
        folder_id: FromPath[UUID],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Take an empty folder away."""
        await folders.remove(folder_id, principal=principal, at=clock())


async def _sent(chunks: Chunks) -> AsyncIterator[bytes]:
    """Pass the pieces on, and give the open file back also when the client leaves before the end."""
    async with aclosing(chunks):
        async for piece in chunks:
            yield piece
