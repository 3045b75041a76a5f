"""Reading, printing and downloading dossiers; each time it goes on record."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.rules.uploads import shortened
from lc_workflow.kernel.errors import Busy, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.dossiers.access import printed_for
from lc_workflow.lending.dossiers.jobs import PRINT_DOSSIER
from lc_workflow.lending.dossiers.models import DossierPrint
from lc_workflow.lending.dossiers.queries import Everything, fingerprint, written
from lc_workflow.lending.dossiers.schemas import DossierContent
from lc_workflow.lending.events import DossierAskedFor, DossierTaken
from lc_workflow.lending.rules.dossier import Language, PrintStatus
from lc_workflow.platform.http.zipping import Entry, distinct, zipped
from lc_workflow.platform.jobs import ask_for
from lc_workflow.platform.security.reads import Reader
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore

LINK_LIFETIME: Final = timedelta(minutes=15)
"""How long a link to a printed dossier works."""

LONGEST_PRINTING: Final = timedelta(hours=1)
"""A printing that takes longer has been abandoned."""

GONE: Final = "missing.txt"
"""The archive's list of papers whose bytes are no longer kept, so that an auditor knows of them."""

OTHER_FOLDER: Final = "Other"
"""Where an archive puts papers that are in no folder."""


LONGEST_NAME: Final = 240
"""Bytes of a file name in an archive: file systems allow 255, and equal names get a number."""


class StillPrinting(Busy):
    """The dossier is not printed yet."""


class DossierService(Service[DossierPrint]):
    """The dossiers of the applications a person may take in hand."""

    noun = "dossier"

    def __init__(self, session: AsyncSession, *, store: ObjectStore) -> None:
        super().__init__(session)
        self._store = store
        self._everything = Everything(session)

    async def read(self, application_id: UUID, *, principal: Principal, at: datetime) -> tuple[DossierContent, str]:
        """Show the content of a dossier with its fingerprint, and record who read it.

        Raises:
            Missing: There is no such application, or its dossier is not theirs to read.
        """
        async with self.transaction():
            content = await self._everything.of(application_id, principal=principal, at=at)
            self._record(application_id, "json", principal=principal, at=at)
        await self._note_numbers(application_id, whole=not content.numbers_masked, principal=principal, at=at)
        return content, fingerprint(written(content)).hex()

    async def have_printed(
        self, application_id: UUID, language: Language, *, principal: Principal, at: datetime
    ) -> DossierPrint:
        """Have a dossier printed in the background; the same content in the same language is printed once.

        One that is not done after an hour is printed anew, in case its process died.

        Raises:
            Missing: There is no such application, or its dossier is not theirs to read.
        """
        async with self.transaction():
            content = await self._everything.of(application_id, principal=principal, at=at)
            plain = written(content)
            known = await self.session.scalar(
                select(DossierPrint).where(
                    DossierPrint.application_id == application_id,
                    DossierPrint.content_sha256 == fingerprint(plain),
                    DossierPrint.language == language,
                    DossierPrint.status != PrintStatus.FAILED,
                    or_(DossierPrint.status == PrintStatus.READY, DossierPrint.asked_at > at - LONGEST_PRINTING),
                )
            )
            if known is not None:
                return known
            name = content.borrower.full_name_khmer or content.borrower.full_name_latin or str(application_id)
            printed = DossierPrint(
                id=uuid4(),
                application_id=application_id,
                language=language,
                content_sha256=fingerprint(plain),
                content=plain,
                whole=not content.numbers_masked,
                filename=f"{name}.pdf",
                status=PrintStatus.WAITING,
                progress=0,
                asked_by=principal.id,
                asked_at=at,
            )
            self.session.add(printed)
            await self.session.flush()
            await ask_for(self.session, PRINT_DOSSIER, print_id=str(printed.id))
            self.announce(
                DossierAskedFor(actor_id=principal.id, at=at, application_id=application_id, language=language.value)
            )
        return printed

    async def progress_of(self, application_id: UUID, print_id: UUID, *, principal: Principal) -> DossierPrint:
        """Show how far the printing of a dossier is.

        Raises:
            Missing: There is no such dossier, or it is not theirs to read.
        """
        return await self.find(DossierPrint.application_id == application_id, printed_for(principal), id=print_id)

    async def take(
        self, application_id: UUID, print_id: UUID, *, principal: Principal, base_url: str, at: datetime
    ) -> str:
        """Give a link to a printed dossier, and record who took it.

        Raises:
            Missing: There is no such dossier, or it is not theirs to read.
            StillPrinting: It is not printed yet.
        """
        async with self.transaction():
            printed = await self.progress_of(application_id, print_id, principal=principal)
            if printed.status is not PrintStatus.READY:
                raise StillPrinting("This dossier is not printed yet; ask again in a moment.", retry_after=2)
            self._record(application_id, "pdf", principal=principal, at=at)
        await self._note_numbers(application_id, whole=printed.whole, principal=principal, at=at)
        return await self._store.link(
            printed.key,
            filename=printed.filename,
            content_type="application/pdf",
            lifetime=LINK_LIFETIME,
            base_url=base_url,
        )

    async def archive(
        self, application_id: UUID, *, principal: Principal, at: datetime
    ) -> tuple[str, AsyncIterator[bytes]]:
        """Give an application as one archive: its papers in their folders, and the dossier as JSON.

        Returns the archive's name and its bytes, which are read from the store while they are sent.

        Raises:
            Missing: There is no such application, or its dossier is not theirs to read.
            Unavailable: The papers cannot be reached now.
        """
        async with self.transaction():
            content = await self._everything.of(application_id, principal=principal, at=at)
            files = await self._everything.files([paper.file_id for paper in content.papers])
            await self._store.ping()
            self._record(application_id, "zip", principal=principal, at=at)
        await self._note_numbers(application_id, whole=not content.numbers_masked, principal=principal, at=at)
        await self.session.close()  # gives the connection back while the bytes are sent
        folders = {paper.file_id: paper.folder or OTHER_FOLDER for paper in content.papers}
        paths = distinct(f"{_within(folders[file.id])}/{_within(file.display_name)}" for file in files)
        name = content.borrower.full_name_khmer or content.borrower.full_name_latin or str(application_id)
        return f"{name}.zip", zipped(self._entries(content, list(zip(files, paths, strict=True)), at=at))

    async def _entries(
        self, content: DossierContent, files: list[tuple[File, str]], *, at: datetime
    ) -> AsyncIterator[Entry]:
        plain = written(content)
        yield Entry(name="dossier.json", at=at, size=len(plain), content=plain)
        gone: list[str] = []
        for file, path in files:
            try:
                chunks = await self._store.get(file.key)
            except Missing:
                gone.append(f"{path}\t{file.sha256.hex()}\n")
                continue
            yield Entry(name=path, at=file.created_at, size=file.file_size, chunks=chunks)
        if gone:
            told = "".join(gone).encode()
            yield Entry(name=GONE, at=at, size=len(told), content=told)

    def _record(self, application_id: UUID, form: str, *, principal: Principal, at: datetime) -> None:
        self.announce(DossierTaken(actor_id=principal.id, at=at, application_id=application_id, form=form))

    async def _note_numbers(self, application_id: UUID, *, whole: bool, principal: Principal, at: datetime) -> None:
        """Record that the person was shown identity and telephone numbers."""
        if whole:
            await Reader(self.session, principal, at).note("application", application_id)


def _within(name: str) -> str:
    """Keep a name inside the folder an archive is unpacked in, and acceptable to every file system."""
    kept = "".join("_" if sign in '/\\:*?"<>|' or ord(sign) < ord(" ") else sign for sign in name).strip().strip(".")
    return shortened(kept, LONGEST_NAME, size=lambda part: len(part.encode())) or "_"
