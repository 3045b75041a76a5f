"""The paths of files that clients bring to the store themselves."""

from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from litestar import Controller, Request, post, put
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody, SkipValidation
from msgspec.structs import replace

from lc_workflow.documents.deliveries.schemas import Arrival, NewDelivery, UploadLink
from lc_workflow.documents.deliveries.service import IN_MEMORY, LINK_LIFETIME, DeliveryService
from lc_workflow.documents.library.access import CREATE
from lc_workflow.documents.library.schemas import FileAnswer
from lc_workflow.documents.library.service import LINK_LIFETIME as DOWNLOAD_LIFETIME
from lc_workflow.documents.library.service import FileService
from lc_workflow.documents.rules.uploads import check_not_above
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import DbSession
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.ratelimit import limit
from lc_workflow.platform.security.guards import PUBLIC, requires
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.local import LocalStore


def open_deliveries(
    db_session: DbSession,
    store: NamedDependency[SkipValidation[ObjectStore]],
    files: NamedDependency[FileService],
) -> DeliveryService:
    """Provide the announced files."""
    return DeliveryService(db_session, store=store, files=files)


class DeliveryController(Controller):
    """Files that go to the store without passing through the API first."""

    path = "/api/v1/files"
    tags = ("Files",)
    dependencies = {"deliveries": Provide(open_deliveries, sync_to_thread=False)}  # noqa: RUF012 - Litestar's own form

    @post("/upload-url", guards=[requires(CREATE), limit("10/minute", name="upload")], status_code=200)
    async def announce(
        self,
        data: JSONBody[NewDelivery],
        deliveries: NamedDependency[DeliveryService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> UploadLink:
        """Get a link to PUT the bytes of a file to."""
        at = clock()
        delivery, link = await deliveries.announce_file(data, principal=principal, base_url=base_url, at=at)
        return UploadLink(
            file_id=delivery.id,
            upload_url=link,
            headers={"Content-Type": data.content_type},
            expires_in=int(LINK_LIFETIME.total_seconds()),
            expires_at=at + LINK_LIFETIME,
        )

    @post("/finalize", guards=[requires(CREATE)])
    async def take_in(
        self,
        data: JSONBody[Arrival],
        deliveries: NamedDependency[DeliveryService],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> FileAnswer:
        """Have a file checked and filed that was put to its link; asking again shows the same file."""
        at = clock()
        file = await deliveries.take_in(data, principal=principal, at=at)
        return replace(
            shaped(file, FileAnswer),
            url=await files.link_to(file, base_url=base_url),
            preview_url=await files.link_to(file, base_url=base_url, inline=True) if file.is_image else None,
            expires_at=at + DOWNLOAD_LIFETIME,
        )


class ArrivalController(Controller):
    """Bytes for a folder of this machine, behind signed links; an S3 store takes its own."""

    path = "/api/v1/files/arrivals"
    tags = ("Files",)

    @put("/{token:str}", opt={PUBLIC: True}, status_code=204)
    async def receive(
        self,
        token: FromPath[str],
        request: Request[Any, Any, Any],
        store: NamedDependency[SkipValidation[ObjectStore]],
    ) -> None:
        """Put the bytes a signed link waits for."""
        if not isinstance(store, LocalStore):
            raise NotFoundException
        place = store.read_upload_link(token)
        size = 0
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            async for piece in request.stream():
                size += len(piece)
                check_not_above(size, most=place.most_bytes)
                spool.write(piece)
            spool.seek(0)
            await store.put(place.key, cast(IO[bytes], spool), size=size, content_type="")
