"""The paths of selfies."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, SkipValidation
from msgspec.structs import replace

from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service import LINK_LIFETIME, FileService
from lc_workflow.documents.ports import ForApplicationAccess
from lc_workflow.documents.rules.selfies import SelfieStatus, SelfieType
from lc_workflow.documents.selfies.access import CREATE, DELETE, READ, VALIDATE
from lc_workflow.documents.selfies.models import Selfie
from lc_workflow.documents.selfies.schemas import Capture, Finding, SelfieAnswer
from lc_workflow.documents.selfies.service import SelfieService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.paging import WIDE_WINDOW, Page, Window
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.ratelimit import limit_uploads
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.reads import Reader
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.clamd import scanner_at


class SelfieForm(Capture, frozen=True, kw_only=True):
    """A picture, and what it shows."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "file": "with-the-officer.jpg",
        "application_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "selfie_type": "customer_with_officer",
        "customer_name": "Sok Dara",
        "location_latitude": 11.5564,
        "location_longitude": 104.9282,
        "notes": "In front of the shop",
    }

    file: UploadFile


def open_pictures(
    db_session: DbSession,
    application_access: ForApplicationAccess,
    store: NamedDependency[SkipValidation[ObjectStore]],
    settings: NamedDependency[Settings],
) -> FileService:
    """Provide a library that takes in the pictures among the types of this installation."""
    return FileService(
        db_session,
        store=store,
        access=application_access,
        most_bytes=settings.max_file_size,
        types=[each for each in settings.file_types if each.startswith("image/")],
        kept_for=timedelta(days=settings.removed_files_days),
        quota=settings.max_application_size,
        scanner=scanner_at(settings.clamd_address),
    )


def open_selfies(
    db_session: DbSession,
    application_access: ForApplicationAccess,
    store: NamedDependency[SkipValidation[ObjectStore]],
    pictures: NamedDependency[FileService],
) -> SelfieService:
    """Provide the selfies."""
    return SelfieService(db_session, store=store, access=application_access, files=pictures)


SELFIES: dict[str, Any] = {
    "pictures": Provider(open_pictures),
    "selfies": Provider(open_selfies),
}


class CaptureController(Controller):
    """Taking selfies in."""

    path = "/api/v1/selfies/upload"
    tags = ("Selfies",)
    dependencies = SELFIES

    @post(guards=[requires(CREATE), limit_uploads])
    async def upload(
        self,
        data: MultipartBody[SelfieForm],
        selfies: NamedDependency[SelfieService],
        pictures: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> SelfieAnswer:
        """Upload a selfie with its place."""
        at = clock()
        selfie, file = await selfies.take_in(data.file.file, data.file.filename, data, principal=principal, at=at)
        return await _shown(selfie, file, pictures, reader, base_url=base_url, clock=clock)


class SelfieController(Controller):
    """Selfies."""

    path = "/api/v1/selfies"
    tags = ("Selfies",)
    dependencies = {**SELFIES, **WIDE_WINDOW}

    @get(guards=[requires(READ)])
    async def list_selfies(
        self,
        selfies: NamedDependency[SelfieService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        reader: NamedDependency[Reader],
        application_id: FromQuery[UUID | None] = None,
        selfie_type: FromQuery[SelfieType | None] = None,
        status: FromQuery[SelfieStatus | None] = None,
    ) -> Page[SelfieAnswer]:
        """List selfies, newest first."""
        rows, total = await selfies.page(
            window, application_id=application_id, selfie_type=selfie_type, status=status, principal=principal
        )
        answers = [shaped(row, SelfieAnswer) for row in rows]
        shown = await reader.show(answers, "selfie", allowed=lambda _: reader.may())
        return Page.of(shown, total=total, window=window)

    @get("/{selfie_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        selfie_id: FromPath[UUID],
        selfies: NamedDependency[SelfieService],
        pictures: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> SelfieAnswer:
        """Show a selfie, with a link to the picture."""
        selfie, file = await selfies.open(selfie_id, principal=principal, at=clock())
        return await _shown(selfie, file, pictures, reader, base_url=base_url, clock=clock)

    @post("/{selfie_id:uuid}/validate", guards=[requires(VALIDATE)], status_code=200)
    async def judge(
        self,
        selfie_id: FromPath[UUID],
        data: JSONBody[Finding],
        selfies: NamedDependency[SelfieService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> SelfieAnswer:
        """Say whether a selfie that somebody else took shows what it should."""
        judged = await selfies.judge(selfie_id, data, principal=principal, at=clock())
        return await reader.show_one(shaped(judged, SelfieAnswer), "selfie", allowed=lambda _: reader.may())

    @delete("/{selfie_id:uuid}", guards=[requires(DELETE)])
    async def remove(
        self,
        selfie_id: FromPath[UUID],
        selfies: NamedDependency[SelfieService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Remove a selfie."""
        await selfies.remove(selfie_id, principal=principal, at=clock())


async def _shown(
    selfie: Selfie, file: File, pictures: FileService, reader: Reader, *, base_url: str, clock: Clock
) -> SelfieAnswer:
    answer = await reader.show_one(shaped(selfie, SelfieAnswer), "selfie", allowed=lambda _: reader.may())
    return replace(
        answer,
        url=await pictures.link_to(file, base_url=base_url, inline=True),
        expires_at=clock() + LINK_LIFETIME,
    )
