"""Small pictures of pictures, made in the background."""

from contextlib import aclosing
from enum import StrEnum
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast
from uuid import UUID

from sqlalchemy import update

from lc_workflow.documents.library.models import File
from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.pictures.decoding import small_jpegs
from lc_workflow.platform.storage.base import ObjectStore

FOLDER: Final = "previews/"
IN_MEMORY: Final = 256 * 1024


class PreviewSize(StrEnum):
    """How large a preview is: for a list, or for a page."""

    THUMB = "thumb"
    WEB = "web"


SIDES: Final = {PreviewSize.THUMB: 320, PreviewSize.WEB: 1280}
"""Pixels of the longer side, at most."""


def preview_key(file_id: UUID, size: PreviewSize) -> str:
    """Where the store keeps a preview."""
    return f"{FOLDER}{file_id}/{size}.jpg"


async def make_previews(place: Workplace, file_id: UUID) -> None:
    """Make the previews of a picture; if it cannot be decoded or has no bytes, record that."""
    async with place.sessions() as session:
        file = await session.get(File, file_id)
        if file is None or file.deleted_at is not None or file.previews is not None:
            return
        await session.commit()  # gives the connection back while the bytes are sent
        try:
            made = await _made(place.store, file.key)
        except (Invalid, Missing):  # readers are told so, instead of waiting for ever for lost bytes
            made = []
        for size, picture in zip(SIDES, made, strict=False):
            await place.store.put(
                preview_key(file_id, size), BytesIO(picture), size=len(picture), content_type="image/jpeg"
            )
        shown = await session.scalar(
            update(File)
            .where(File.id == file_id, File.deleted_at.is_(None))
            .values(previews=bool(made))
            .returning(File.id)
        )
        await session.commit()
        if shown is None:  # the file was removed meanwhile, so its previews must go too
            for size in PreviewSize:
                await place.store.remove(preview_key(file_id, size))


async def _made(store: ObjectStore, key: str) -> list[bytes]:
    with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
        async with aclosing(await store.get(key)) as chunks:
            async for piece in chunks:
                spool.write(piece)
        return await small_jpegs(cast(IO[bytes], spool), sides=list(SIDES.values()))


MAKE_PREVIEWS: Final = Job(name="make_previews", work=make_previews)
