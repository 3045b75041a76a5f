"""The paths of files and folders."""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, SkipValidation
from msgspec import Struct
from msgspec.structs import replace

from lc_workflow.documents.library.access import CREATE, DELETE, MAKE_FOLDERS, READ, READ_FOLDERS, REMOVE_FOLDERS
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import (
    DownloadAnswer,
    Duplicates,
    FileAnswer,
    FolderAnswer,
    FolderChange,
    Hierarchy,
    Integrity,
    NewFolder,
    Placement,
)
from lc_workflow.documents.library.service import LINK_LIFETIME, FileService, FolderService, PictureLinks, PreviewSize
from lc_workflow.documents.ports import ForApplicationAccess
from lc_workflow.documents.rules.uploads import FileTooLarge, readable
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.long_lists import WIDE_LONG_WINDOW, LongPage
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.problems import MEDIA_TYPE, Problem, refused
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.http.uploads import most_bytes_of
from lc_workflow.platform.ratelimit import UNLIMITED, limit, limit_uploads
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.clamd import scanner_at


class UploadForm(Placement, frozen=True, kw_only=True):
    """A file, where it belongs, and the id the client made for it, so that trying again does not make a second one."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "file": "identity-card.jpg",
        "application_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "document_type": "borrower_id_card",
        "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    }

    file: UploadFile
    id: UUID | None = None


class VersionForm(Struct, frozen=True, kw_only=True):
    """The newer version, and the id the client made for it, so that trying again does not make a second one."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "file": "identity-card-renewed.jpg",
        "id": "5a1c77de-2b0f-4f0e-8f0a-6d1b9a4f7c12",
    }

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
        quota=settings.max_application_size,
        scanner=scanner_at(settings.clamd_address),
    )


def open_picture_links(settings: NamedDependency[Settings]) -> PictureLinks:
    """Provide the links that lists give to pictures."""
    return PictureLinks(settings.secret_key)


def too_large(request: Request[Any, Any, Any], _: RequestEntityTooLarge) -> Answer[Problem]:
    """Answer to a body that goes on beyond the largest file; the rest of it is not read."""
    most = readable(most_bytes_of(request))
    return refused(request, FileTooLarge(f"The file is larger than {most}; send a smaller one."))


class UploadController(Controller):
    """Taking files in."""

    path = "/api/v1/files/upload"
    tags = ("Files",)
    exception_handlers = {RequestEntityTooLarge: too_large}

    @post(
        guards=[requires(CREATE), limit_uploads],
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
        return await files.just_brought(file, base_url=base_url, at=at)


class VersionController(Controller):
    """The versions of a paper."""

    path = "/api/v1/files/{file_id:uuid}/versions"
    tags = ("Files",)
    exception_handlers = {RequestEntityTooLarge: too_large}

    @post(guards=[requires(CREATE), limit_uploads])
    async def replace(
        self,
        file_id: FromPath[UUID],
        data: MultipartBody[VersionForm],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> FileAnswer:
        """Upload a newer version of a paper; the one before stays readable."""
        at = clock()
        file = await files.replace(
            file_id, data.file.file, data.file.filename, principal=principal, at=at, file_id=data.id
        )
        return await files.just_brought(file, base_url=base_url, at=at)

    @get(guards=[requires(READ)])
    async def list_versions(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
    ) -> list[FileAnswer]:
        """List all versions of a paper, newest first."""
        return [shaped(file, FileAnswer) for file in await files.versions(file_id, principal=principal)]


class FileController(Controller):
    """Files."""

    path = "/api/v1/files"
    tags = ("Files",)
    dependencies = WIDE_LONG_WINDOW

    @get(guards=[requires(READ)])
    async def list_files(
        self,
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        picture_links: NamedDependency[PictureLinks],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
        application_id: FromQuery[UUID | None] = None,
        folder_id: FromQuery[UUID | None] = None,
        search: FromQuery[str | None] = None,
        removed: FromQuery[bool] = False,
    ) -> LongPage[FileAnswer]:
        """List files, newest first; with `removed` those that can be brought back.

        `preview_url` of a picture is the reader's own and works for fifteen minutes; who follows it is on record.
        """
        part = await files.page(
            window,
            application_id=application_id,
            folder_id=folder_id,
            search=search,
            removed=removed,
            principal=principal,
        )
        known = await files.seen_elsewhere(*part.rows)
        at = clock()
        answers = [
            _shown(row, picture_links, seen_elsewhere=row.id in known, reader=principal.id, base_url=base_url, at=at)
            for row in part.rows
        ]
        return LongPage.of(answers, part=part, window=window)

    @get("/{file_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        picture_links: NamedDependency[PictureLinks],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> FileAnswer:
        """Show what is known about a file, as lists do."""
        file = await files.read(file_id, principal=principal)
        seen = bool(await files.seen_elsewhere(file))
        return _shown(file, picture_links, seen_elsewhere=seen, reader=principal.id, base_url=base_url, at=clock())

    # Pages of the web app ask for a link to each picture they show, so that links have a limit of their own.
    @get("/{file_id:uuid}/download", opt={UNLIMITED: True}, guards=[requires(READ), limit("600/minute", name="links")])
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

    @get("/{file_id:uuid}/duplicates", guards=[requires(READ)])
    async def list_duplicates(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
    ) -> Duplicates:
        """List the same file on other persons' applications, the first hundred of those one may see."""
        found = await files.duplicates(file_id, principal=principal)
        return Duplicates([shaped(row, FileAnswer) for row in found.first], found.seen, found.hidden)

    @post("/{file_id:uuid}/verify", guards=[requires(READ), limit("30/minute", name="verify")], status_code=200)
    async def verify(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Integrity:
        """Read a file's bytes and compare their SHA-256 with that of the upload."""
        at = clock()
        file, found = await files.check(file_id, principal=principal, at=at)
        return Integrity(
            file.id,
            found.sha256 == file.sha256,
            file.content_sha256,
            found.sha256.hex() if found.sha256 else None,
            file.file_size,
            found.size,
            at,
        )

    @delete("/{file_id:uuid}", guards=[requires(DELETE)])
    async def remove(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Remove a file; until its retention ends it can be brought back."""
        await files.remove(file_id, principal=principal, at=clock())

    @post("/{file_id:uuid}/restore", guards=[requires(DELETE)], status_code=200)
    async def restore(
        self,
        file_id: FromPath[UUID],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> FileAnswer:
        """Bring back a removed file."""
        return shaped(await files.restore(file_id, principal=principal, at=clock()), FileAnswer)


class FolderController(Controller):
    """Folders."""

    path = "/api/v1/folders"
    tags = ("Folders",)
    dependencies = {"folders": Provider(open_folders)}

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
        """Make a folder, or find the existing one with this name."""
        folder, made = await folders.make(data, principal=principal, at=clock())
        return Answer(folder, status_code=201 if made else 200)

    @get("/application/{application_id:uuid}/hierarchy", guards=[requires(READ_FOLDERS)])
    async def show_hierarchy(
        self,
        application_id: FromPath[UUID],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
    ) -> Hierarchy:
        """Show all folders of an application as a tree."""
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
    async def change(
        self,
        folder_id: FromPath[UUID],
        data: JSONBody[FolderChange],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> FolderAnswer:
        """Rename a folder, or move it into another folder of the same application."""
        return await folders.change(folder_id, data, principal=principal, at=clock())

    @delete("/{folder_id:uuid}", guards=[requires(REMOVE_FOLDERS)])
    async def remove(
        self,
        folder_id: FromPath[UUID],
        folders: NamedDependency[FolderService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Remove an empty folder."""
        await folders.remove(folder_id, principal=principal, at=clock())


def _shown(
    file: File, links: PictureLinks, *, seen_elsewhere: bool, reader: UUID, base_url: str, at: datetime
) -> FileAnswer:
    """Show a file with the reader's own link to its picture, if it is one."""
    link = links.of(file, reader=reader, base_url=base_url, at=at)
    return replace(
        shaped(file, FileAnswer),
        seen_elsewhere=seen_elsewhere,
        preview_url=link,
        expires_at=at + PictureLinks.lifetime if link else None,
    )
