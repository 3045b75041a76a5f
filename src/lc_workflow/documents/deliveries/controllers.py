"""The paths of files that clients bring to the store and take from it themselves."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, cast
from uuid import UUID

from litestar import Controller, Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.response import Redirect, Stream

from lc_workflow.documents.deliveries.schemas import Arrival, NewDelivery, PartsToCome, UploadLink
from lc_workflow.documents.deliveries.service import IN_MEMORY, LINK_LIFETIME, DeliveryService
from lc_workflow.documents.library.access import CREATE
from lc_workflow.documents.library.schemas import FileAnswer
from lc_workflow.documents.library.service import FileService, PictureLinks
from lc_workflow.documents.rules.uploads import check_not_above, parts_for
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.compression import UNCOMPRESSED
from lc_workflow.platform.http.cors import EMBEDDED
from lc_workflow.platform.http.problems import MEDIA_TYPE, Problem, problem
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.ranges import NO_SUCH_PART, part_asked_for
from lc_workflow.platform.ratelimit import UNLIMITED, limit, limit_uploads
from lc_workflow.platform.security.guards import PUBLIC, requires
from lc_workflow.platform.storage.base import Chunks, ObjectStore
from lc_workflow.platform.storage.disposition import content_disposition
from lc_workflow.platform.storage.local import LocalStore

ANY_FILE: Final = "application/octet-stream"

CONTENT_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    **EMBEDDED,
}
"""Whatever a file holds, a browser that opens it runs nothing of it."""


def open_deliveries(
    db_session: DbSession,
    store: NamedDependency[SkipValidation[ObjectStore]],
    files: NamedDependency[FileService],
) -> DeliveryService:
    """Provide the announced files."""
    return DeliveryService(db_session, store=store, files=files)


class DeliveryController(Controller):
    """Files that clients upload directly to the store."""

    path = "/api/v1/files"
    tags = ("Files",)
    dependencies = {"deliveries": Provider(open_deliveries)}

    @post("/upload-url", guards=[requires(CREATE), limit_uploads], status_code=200)
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
        """Have an uploaded file checked and filed; asking again shows the same file."""
        at = clock()
        file = await deliveries.take_in(data, principal=principal, at=at)
        return await files.just_brought(file, base_url=base_url, at=at)


class PartController(Controller):
    """Large files that are uploaded in parts: an interruption costs one part at most."""

    path = "/api/v1/files/multipart"
    tags = ("Files",)
    dependencies = {"deliveries": Provider(open_deliveries)}

    @post(guards=[requires(CREATE), limit_uploads], status_code=200)
    async def begin(
        self,
        data: JSONBody[NewDelivery],
        deliveries: NamedDependency[DeliveryService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> PartsToCome:
        """Announce a file in parts, and get links to PUT them to; announcing it again continues the upload."""
        at = clock()
        delivery = await deliveries.begin_in_parts(data, principal=principal, at=at)
        return await _to_come(delivery.id, deliveries, principal=principal, base_url=base_url, at=at)

    @get("/{file_id:uuid}", guards=[requires(CREATE)])
    async def read(
        self,
        file_id: FromPath[UUID],
        deliveries: NamedDependency[DeliveryService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> PartsToCome:
        """Show which parts have arrived, with links for the others."""
        return await _to_come(file_id, deliveries, principal=principal, base_url=base_url, at=clock())

    @post("/{file_id:uuid}/complete", guards=[requires(CREATE)])
    async def complete(
        self,
        file_id: FromPath[UUID],
        deliveries: NamedDependency[DeliveryService],
        files: NamedDependency[FileService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> FileAnswer:
        """Assemble the parts, and have the file checked and filed; asking again shows the same file."""
        at = clock()
        file = await deliveries.complete(file_id, principal=principal, at=at)
        return await files.just_brought(file, base_url=base_url, at=at)

    @delete("/{file_id:uuid}", guards=[requires(CREATE)])
    async def give_up(
        self,
        file_id: FromPath[UUID],
        deliveries: NamedDependency[DeliveryService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Give up an upload in parts."""
        await deliveries.give_up(file_id, principal=principal, at=clock())


class ContentController(Controller):
    """The bytes of files in a folder of this machine, behind signed links; an S3 store serves its own."""

    path = "/api/v1/files/content"
    tags = ("Files",)

    # Whole branches look at pictures from one address, so that content has a limit of its own.
    @get(
        "/{token:str}",
        opt={PUBLIC: True, UNLIMITED: True, UNCOMPRESSED: True},
        guards=[limit("1000/minute", name="content")],
        responses={
            200: ResponseSpec(bytes, generate_examples=False, description="The file.", media_type=ANY_FILE),
            206: ResponseSpec(bytes, generate_examples=False, description="The part asked for.", media_type=ANY_FILE),
            416: ResponseSpec(Problem, description="The file has no such part.", media_type=MEDIA_TYPE),
        },
    )
    async def send(
        self,
        token: FromPath[str],
        request: Request[Any, Any, Any],
        store: NamedDependency[SkipValidation[ObjectStore]],
    ) -> Stream | Answer[Problem]:
        """Get the content a signed link stands for, or with `Range` a part of it."""
        if not isinstance(store, LocalStore):
            raise NotFoundException
        found = await store.read_link(token)
        tag = f'"{hashlib.sha256(found.key.encode()).hexdigest()[:32]}"'
        headers = {
            **CONTENT_HEADERS,
            "Accept-Ranges": "bytes",
            "ETag": tag,
            "Content-Disposition": content_disposition(found.filename, inline=found.inline),
        }
        part = part_asked_for(request.headers.get("range"), found.size)
        if request.headers.get("if-range", tag) != tag:
            part = None  # the rest of another file is of no use
        if part is NO_SUCH_PART:
            refusal = problem(request.scope, 416, "NoSuchPart", f"The file has {found.size} bytes.")
            return Answer(
                refusal,
                status_code=416,
                media_type=MEDIA_TYPE,
                headers={"Accept-Ranges": "bytes", "Content-Range": f"bytes */{found.size}"},
            )
        start, end = part or (0, found.size)
        if part is not None:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
        return Stream(
            _sent(await store.get(found.key, start=start, end=end)),
            status_code=200 if part is None else 206,
            media_type=found.content_type,
            headers=headers | {"Content-Length": str(end - start)},
        )


class ShownController(Controller):
    """Pictures of lists, behind links that are somebody's own."""

    path = "/api/v1/files/shown"
    tags = ("Files",)

    @get(
        "/{token:str}",
        opt={PUBLIC: True, UNLIMITED: True},
        guards=[limit("1000/minute", name="content")],
        status_code=302,
        responses={302: ResponseSpec(None, description="The picture is at `Location`.")},
    )
    async def show(
        self,
        token: FromPath[str],
        files: NamedDependency[FileService],
        picture_links: NamedDependency[PictureLinks],
        base_url: NamedDependency[str],
        clock: NamedDependency[Clock],
    ) -> Redirect:
        """Follow one's own link to a picture in a list; this records that one has seen it."""
        shown = picture_links.read(token, at=clock())
        return Redirect(await files.show(shown, base_url=base_url, at=clock()), headers=EMBEDDED)


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
        """Upload bytes to a signed link."""
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


async def _sent(chunks: Chunks) -> AsyncIterator[bytes]:
    """Pass the pieces on, and give the open file back also when the client leaves before the end."""
    async with aclosing(chunks):
        async for piece in chunks:
            yield piece


async def _to_come(
    file_id: UUID, deliveries: DeliveryService, *, principal: Principal, base_url: str, at: datetime
) -> PartsToCome:
    delivery, arrived, links = await deliveries.in_parts(file_id, principal=principal, base_url=base_url, at=at)
    count = len(parts_for(delivery.file_size, delivery.part_size or delivery.file_size))
    return PartsToCome(
        file_id=delivery.id,
        part_size=delivery.part_size or delivery.file_size,
        part_count=count,
        arrived=arrived,
        missing=count - len(arrived),
        parts=links,
        expires_at=at + LINK_LIFETIME,
        ends_at=delivery.ends_at,
    )
