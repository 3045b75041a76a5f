"""Taking selfies in, showing them, and having somebody else look at them."""

from collections.abc import Sequence
from datetime import datetime
from typing import IO
from uuid import UUID, uuid4

from msgspec.structs import asdict
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import FileOpened, SelfieJudged
from lc_workflow.documents.library.access import reaches
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import Placement
from lc_workflow.documents.library.service import FileService, FolderService, put_aside
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.documents.rules.selfies import FoundAlready, SelfieStatus, SelfieType, objection
from lc_workflow.documents.selfies.access import DELETE, visible_to
from lc_workflow.documents.selfies.models import Selfie
from lc_workflow.documents.selfies.schemas import Capture, Finding
from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore


class NotYourSelfie(Forbidden):
    """Somebody else took the picture."""


class SelfieService(Service[Selfie]):
    """The selfies a person may see."""

    noun = "selfie"

    def __init__(
        self, session: AsyncSession, *, store: ObjectStore, access: ApplicationAccess, files: FileService
    ) -> None:
        """Open the service on the request's session; `files` takes the pictures in, and nothing but pictures."""
        super().__init__(session)
        self._store = store
        self._access = access
        self._files = files
        self._folders = FolderService(session, access=access)

    async def page(
        self,
        window: Window,
        *,
        application_id: UUID | None,
        selfie_type: SelfieType | None,
        status: SelfieStatus | None,
        principal: Principal,
    ) -> tuple[Sequence[Selfie], int]:
        """List selfies, newest first, with how many there are in all."""
        where: list[ColumnElement[bool]] = [visible_to(principal, self._access)]
        if application_id is not None:
            where.append(Selfie.application_id == application_id)
        if selfie_type is not None:
            where.append(Selfie.selfie_type == selfie_type)
        if status is not None:
            where.append(Selfie.status == status)
        return await self.page_of(window, *where, by=[Selfie.created_at.desc(), Selfie.id])

    async def take_in(
        self, source: IO[bytes], name: str, capture: Capture, *, principal: Principal, at: datetime
    ) -> tuple[Selfie, File]:
        """Keep a picture as a paper of its application, with what it shows beside it.

        Raises:
            Missing, PapersClosed: See `FolderService.place`.
            EmptyFile, FileTooLarge, TypeNotAllowed, Unavailable: See `FileService.take_in`.
        """
        selfie = Selfie(
            **{each: getattr(capture, each) for each in Capture.__struct_fields__},
            id=uuid4(),
            file_id=uuid4(),
            taken_by=principal.id,
            created_at=at,
            status=SelfieStatus.PENDING,
        )
        file = await self._files.take_in(
            source,
            name,
            Placement(application_id=capture.application_id, document_type="borrower_photo"),
            principal=principal,
            at=at,
            file_id=selfie.file_id,
            beside=selfie,
        )
        return selfie, file

    async def open(self, selfie_id: UUID, *, principal: Principal, at: datetime) -> tuple[Selfie, File]:
        """Show one selfie to somebody who looks at the picture, and put that on record.

        Raises:
            Missing: There is no such selfie, or it is not theirs to see.
        """
        async with self.transaction():
            selfie = await self.find(visible_to(principal, self._access), id=selfie_id)
            file = await self._picture(selfie)
            self.announce(FileOpened(actor_id=principal.id, at=at, file_id=file.id, application_id=file.application_id))
        return selfie, file

    async def judge(self, selfie_id: UUID, finding: Finding, *, principal: Principal, at: datetime) -> Selfie:
        """Write down what somebody found who did not take the picture.

        Raises:
            Missing: There is no such selfie, or it is not theirs to see.
            OwnSelfie: They took it.
            FoundAlready: Somebody was first.
            NotesNeeded: They find fault and do not say which.
        """
        async with self.transaction():
            selfie = await self.find(visible_to(principal, self._access), id=selfie_id, lock=True)
            if refusal := objection(
                status=selfie.status, taken_by=selfie.taken_by, person=principal.id, **asdict(finding)
            ):
                raise refusal
            selfie.status = SelfieStatus.VALID if finding.is_valid else SelfieStatus.INVALID
            selfie.validated_by = principal.id
            selfie.validated_at = at
            selfie.validation_notes = finding.notes
            self.announce(
                SelfieJudged(
                    actor_id=principal.id,
                    at=at,
                    selfie_id=selfie.id,
                    application_id=selfie.application_id,
                    status=selfie.status.value,
                )
            )
        return selfie

    async def remove(self, selfie_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Take a selfie away with its picture, as long as nobody said that it is valid.

        The picture alone can be brought back until its retention ends; it is a plain paper then.

        Raises:
            Missing: There is no such selfie, or it is not theirs to see.
            NotYourSelfie: Somebody else took it, and this person removes only their own.
            PapersClosed: Its application takes no changes any more.
            FoundAlready: It was found valid, so it is evidence.
        """
        async with self.transaction():
            visible = visible_to(principal, self._access)
            selfie = await self.find(visible, id=selfie_id)
            if not reaches(principal, DELETE, owner_id=selfie.taken_by, application_id=selfie.application_id):
                raise NotYourSelfie("Only the person who took this picture may remove it.")
            await self._folders.hold_open(selfie.application_id, principal=principal)
            selfie = await self.find(visible, id=selfie_id, lock=True)
            if selfie.status is SelfieStatus.VALID:
                raise FoundAlready("This selfie was found valid; it stays on record.")
            file = await self._picture(selfie)
            await self.session.delete(selfie)
            await self.session.flush()
            await self._files.let_go(file, principal=principal, at=at)
        await put_aside(self.session, self._store, file)

    async def _picture(self, selfie: Selfie) -> File:
        return await self.session.get_one(File, selfie.file_id)
