"""The paths of dossiers."""

from typing import Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.response import Stream

from lc_workflow.documents.library.schemas import DownloadAnswer
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.dossiers.access import READ
from lc_workflow.lending.dossiers.models import DossierPrint
from lc_workflow.lending.dossiers.schemas import DossierAnswer, PrintAnswer, PrintWish
from lc_workflow.lending.dossiers.service import LINK_LIFETIME, DossierService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.compression import UNCOMPRESSED
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.zipping import MEDIA_TYPE
from lc_workflow.platform.ratelimit import limit
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.disposition import content_disposition

ARCHIVE: Final = {200: ResponseSpec(bytes, generate_examples=False, description="The archive.", media_type=MEDIA_TYPE)}


def open_dossiers(db_session: DbSession, store: NamedDependency[SkipValidation[ObjectStore]]) -> DossierService:
    """Provide the service with the store of papers."""
    return DossierService(db_session, store=store)


class DossierController(Controller):
    """All that is known of one application, for an auditor."""

    path = "/api/v1/applications/{application_id:uuid}/dossier"
    tags = ("Dossiers",)
    dependencies = {"dossiers": Provider(open_dossiers)}

    @get(guards=[requires(READ)])
    async def read(
        self,
        application_id: FromPath[UUID],
        dossiers: NamedDependency[DossierService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DossierAnswer:
        """Show the content of an application's dossier; reading it is recorded."""
        return DossierAnswer(*await dossiers.read(application_id, principal=principal, at=clock()))

    @get("/archive", guards=[requires(READ)], opt={UNCOMPRESSED: True}, responses=ARCHIVE)
    async def archive(
        self,
        application_id: FromPath[UUID],
        dossiers: NamedDependency[DossierService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Stream:
        """Get all papers of an application in their folders, and its dossier as JSON, as a ZIP."""
        name, pieces = await dossiers.archive(application_id, principal=principal, at=clock())
        return Stream(pieces, media_type=MEDIA_TYPE, headers={"Content-Disposition": content_disposition(name)})

    @post("/prints", guards=[requires(READ), limit("30/minute", name="dossier")], status_code=202)
    async def have_printed(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[PrintWish],
        dossiers: NamedDependency[DossierService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PrintAnswer:
        """Have a dossier printed as PDF in the background; the same content is printed once."""
        return _shown(
            application_id, await dossiers.have_printed(application_id, data.language, principal=principal, at=clock())
        )

    @get("/prints/{print_id:uuid}", guards=[requires(READ)])
    async def progress(
        self,
        application_id: FromPath[UUID],
        print_id: FromPath[UUID],
        dossiers: NamedDependency[DossierService],
        principal: NamedDependency[Principal],
    ) -> PrintAnswer:
        """Show how far the printing is."""
        return _shown(application_id, await dossiers.progress_of(application_id, print_id, principal=principal))

    @get("/prints/{print_id:uuid}/download", guards=[requires(READ)])
    async def download(
        self,
        application_id: FromPath[UUID],
        print_id: FromPath[UUID],
        dossiers: NamedDependency[DossierService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> DownloadAnswer:
        """Get a link to a printed dossier; taking it is recorded."""
        link = await dossiers.take(application_id, print_id, principal=principal, base_url=base_url, at=clock())
        return DownloadAnswer(link, link, int(LINK_LIFETIME.total_seconds()))


def _shown(application_id: UUID, row: DossierPrint) -> PrintAnswer:
    return PrintAnswer(
        id=row.id,
        application_id=application_id,
        language=row.language,
        status=row.status,
        progress=row.progress,
        content_sha256=row.content_sha256.hex(),
        sha256=row.sha256.hex() if row.sha256 else None,
        size=row.size,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
    )
