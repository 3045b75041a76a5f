"""Printing dossiers in the background."""

import hashlib
import shutil
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import anyio.to_thread
import msgspec
import structlog
from sqlalchemy import select, update

from lc_workflow.documents.library.models import File
from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.lending.dossiers.models import DossierPrint
from lc_workflow.lending.rules.dossier import Language, Pages, PrintStatus
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.pictures.decoding import small_jpegs
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.typesetting.press import TEMPLATE, set_pages

SIDE: Final = 700
"""Pixels of a photo's longer side: three photos stand side by side on a page of 17 centimetres."""

IN_MEMORY: Final = 1_000_000
"""Bytes of a photo that are kept in memory while it is scaled; larger ones go through a file."""

KEPT_FOR: Final = timedelta(days=7)
"""How long a printed dossier can be downloaded; after that the same content is printed again."""

PHOTOS_DONE: Final = 80
"""Percent of the work that is done when all photos are scaled."""

_log = structlog.stdlib.get_logger()


async def print_dossier(place: Workplace, print_id: UUID) -> None:
    """Print one dossier; no database connection is held while photos are scaled and pages are set.

    Raises:
        CannotSet: The pages could not be set; it is tried again.
        Unavailable: The store cannot be reached now; it is tried again.
    """
    async with place.sessions() as session:
        printed = await session.get(DossierPrint, print_id)
        if printed is None or printed.content is None:
            return
        content: dict[str, Any] = msgspec.json.decode(printed.content)
        sha256, key, language = printed.content_sha256.hex(), printed.key, printed.language
        wanted = [UUID(paper["file_id"]) for paper in content["papers"] if paper["mime_type"].startswith("image/")]
        files = {row.id: row.key for row in await session.scalars(select(File).where(File.id.in_(wanted)))}
    try:
        with TemporaryDirectory(prefix="dossier-") as name:
            folder = Path(name)
            photos = await _small_photos(place, print_id, [(each, files.get(each)) for each in wanted], folder)
            _lay_out(folder, content, language, sha256=sha256, photos=photos)
            await _mark(place, print_id, progress=PHOTOS_DONE)
            pdf = await set_pages(folder)
            await _mark(place, print_id, progress=95)
            size, fingerprint = await _keep(place.store, key, pdf)
    except BaseException:
        await _mark(place, print_id, status=PrintStatus.FAILED)
        raise
    await _mark(
        place,
        print_id,
        status=PrintStatus.READY,
        progress=100,
        content=None,
        size=size,
        sha256=fingerprint,
        finished_at=place.clock(),
    )


async def _small_photos(
    place: Workplace, print_id: UUID, photos: Sequence[tuple[UUID, str | None]], folder: Path
) -> list[tuple[str | None, str]]:
    """Scale the photos one after the other; one that cannot be shown keeps its place and its caption."""
    made: list[tuple[str | None, str]] = []
    for number, (file_id, key) in enumerate(photos):
        name = f"photo-{number}.jpg"
        small = await _small(place.store, key) if key else None
        if small is not None:
            await anyio.Path(folder / name).write_bytes(small)
        made.append((name if small is not None else None, str(file_id)))
        if number % 10 == 0:
            await _mark(
                place, print_id, status=PrintStatus.PRINTING, progress=1 + (PHOTOS_DONE - 1) * number // len(photos)
            )
    return made


async def _small(store: ObjectStore, key: str) -> bytes | None:
    with SpooledTemporaryFile(max_size=IN_MEMORY) as source:
        try:
            async with aclosing(await store.get(key)) as chunks:
                async for piece in chunks:
                    source.write(piece)
            (small,) = await small_jpegs(source, sides=(SIDE,))
        except (Invalid, Missing) as cause:
            _log.warning("photo left out of a dossier", key=key, cause=type(cause).__name__)
            return None
    return small


def _lay_out(
    folder: Path, content: dict[str, Any], language: Language, *, sha256: str, photos: Sequence[tuple[str | None, str]]
) -> None:
    pages = Pages(content, language).set_out(sha256=sha256, photos=photos)
    (folder / "pages.json").write_bytes(msgspec.json.encode(pages))
    shutil.copyfile(Path(__file__).with_name("dossier.typ"), folder / TEMPLATE)


async def _keep(store: ObjectStore, key: str, pdf: Path) -> tuple[int, bytes]:
    with pdf.open("rb") as source:
        fingerprint = await anyio.to_thread.run_sync(hashlib.file_digest, source, "sha256")
        size = source.tell()
        source.seek(0)
        await store.put(key, source, size=size, content_type="application/pdf")
    return size, fingerprint.digest()


async def _mark(place: Workplace, print_id: UUID, **values: Any) -> None:
    async with place.sessions() as session:
        await session.execute(update(DossierPrint).where(DossierPrint.id == print_id).values(**values))
        await session.commit()


PRINT_DOSSIER: Final = Job(name="print_dossier", work=print_dossier, attempts=3)


async def clear_dossiers(place: Workplace) -> None:
    """Delete printed dossiers that are old, or whose application was thrown away: bytes first, then the row."""
    async with place.sessions() as session:
        over = await session.scalars(
            select(DossierPrint).where(
                (DossierPrint.asked_at < place.clock() - KEPT_FOR) | DossierPrint.application_id.is_(None)
            )
        )
        for printed in over.all():
            await place.store.remove(printed.key)
            await session.delete(printed)
            await session.commit()


CLEAR_DOSSIERS: Final = Job(name="clear_dossiers", work=clear_dossiers, every="50 18 * * *")
"""Every night in Phnom Penh."""
