"""Papers and selfies of the old service: checked like every upload, and stored under keys of ours."""

from tempfile import SpooledTemporaryFile
from typing import IO, Final, cast
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from lc_workflow.documents.events import FileStored
from lc_workflow.documents.library.models import File, Folder
from lc_workflow.documents.library.service.examination import Examined, examined
from lc_workflow.documents.library.service.previews import MAKE_PREVIEWS
from lc_workflow.documents.rules.selfies import SelfieStatus, SelfieType
from lc_workflow.documents.rules.uploads import display_name, named_as
from lc_workflow.documents.selfies.models import Selfie
from lc_workflow.moving.old import Row as OldRow
from lc_workflow.moving.reading import degrees, member, moment, name, text, word
from lc_workflow.moving.report import Unfit
from lc_workflow.moving.stores import OldPapers
from lc_workflow.moving.taking import FUTURE, LONGEST_NAME, NO_APPLICATION, TAKEN_AWAY, Taking, or_left_behind
from lc_workflow.platform.config import Settings
from lc_workflow.platform.jobs import ask_for
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.storage.base import ObjectStore

NO_BYTES: Final = "its bytes are not in the old store"
NO_UPLOADER: Final = "the account that brought it did not come"
SAME_PICTURE: Final = "its picture is another selfie's"
NO_PICTURE: Final = "its picture did not come"
UNKNOWN_TYPE: Final = "nobody knows what it shows"
NO_FOLDER: Final = "its folder did not come or is another application's; it lies beside the folders"
OTHER_SIZE: Final = "its row told another size than it has"
UNNAMED_STORE: Final = "for nobody said where their bytes are: name the old bucket, or a folder with its copy"

IN_MEMORY: Final = 1024 * 1024
"""Bytes of a paper that are held in memory while it is judged; the rest goes to the disk."""

FOUND: Final = {
    "validated": SelfieStatus.VALID,
    "valid": SelfieStatus.VALID,
    "approved": SelfieStatus.VALID,
    "rejected": SelfieStatus.INVALID,
    "invalid": SelfieStatus.INVALID,
}


class Papers:
    """Takes the papers one by one, each in a transaction of its own, so that an interrupted move can continue.

    A dry run checks whether the bytes are there; what they are is checked when they are taken.
    """

    def __init__(self, taking: Taking, source: OldPapers, store: ObjectStore, settings: Settings) -> None:
        self._taking = taking
        self._session = taking.session
        self._source = source
        self._store = store
        self._settings = settings

    async def take(self) -> None:
        """Take what is not here yet.

        Raises:
            Unavailable: One of the stores does not answer; what was taken before is here.
        """
        taking = self._taking
        folders = select(Folder.id, Folder.application_id)
        place_of: dict[UUID, UUID | None] = {row.id: row.application_id for row in await self._session.execute(folders)}
        async for row, part in taking.unseen("files", taking.files, File):
            with or_left_behind(part, row["id"]):
                file = self._file(row, place_of)
                size = await self._source.size_of(row["file_path"] or "")
                if size is None:
                    raise Unfit(NO_BYTES)
                if taking.report.written:
                    await self._carry(file, row["file_path"])
                taking.taken(part, row["id"], taking.files)
                if size != row["file_size"]:
                    part.mend(OTHER_SIZE, row["id"])
                if file.folder_id is None and row.get("folder_id") is not None:
                    part.mend(NO_FOLDER, row["id"])

    def _file(self, row: OldRow, place_of: dict[UUID, UUID | None]) -> File:
        """Make the row of a paper; its key names nobody, and is the same when the paper is taken again."""
        taking = self._taking
        application_id = taking.applications.get(row["application_id"])
        if row["application_id"] is not None and application_id is None:
            raise Unfit(NO_APPLICATION)
        uploaded_by = taking.users.get(row["uploaded_by"])
        if uploaded_by is None:
            raise Unfit(NO_UPLOADER)
        at = taking.dated(row)["created_at"]
        folder_id = taking.folders.get(row.get("folder_id"))
        if folder_id is not None and place_of.get(folder_id) != application_id:
            folder_id = None
        shown = display_name(row.get("display_name") or row["original_filename"])
        return File(
            id=row["id"],
            key=f"{at:%Y/%m}/{row['id']}",
            original_filename=shown,
            display_name=shown,
            uploaded_by=uploaded_by,
            application_id=application_id,
            folder_id=folder_id,
            created_at=at,
            version=1,
            bound=False,
        )

    async def _carry(self, file: File, named: str) -> None:
        """Check the bytes of a paper, store them, and write its row."""
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            source = cast("IO[bytes]", spool)
            await self._source.fetch(named, source)
            most, types = self._settings.max_file_size, self._settings.file_types
            async with examined(source, most_bytes=most, types=types) as found:
                _describe(file, found)
                await self._store.put(file.key, found.source, size=found.size, content_type=found.mime_type)
        try:
            await self._keep(file)
        except DBAPIError as refusal:
            await self._session.rollback()
            if not refusal.connection_invalidated:  # otherwise the row may exist, and needs its bytes
                await self._store.remove(file.key)
            raise

    async def _keep(self, file: File) -> None:
        self._session.add(file)
        await self._session.flush()
        if file.is_image:
            await ask_for(self._session, MAKE_PREVIEWS, file_id=file.id)
        entry = JournalEntry.of(
            FileStored(
                actor_id=None,
                at=self._taking.at,
                file_id=file.id,
                application_id=file.application_id,
                document_type=None,
                mime_type=file.mime_type,
                file_size=file.file_size,
                sha256=file.sha256.hex(),
            )
        )
        self._session.add(entry)
        await self._session.flush()
        await self._session.execute(delete(Untold).where(Untold.id == entry.id))  # no listener needs this fact
        await self._session.commit()


def _describe(file: File, found: Examined) -> None:
    """Write down what was found in the bytes, which counts; the old row only had the browser's word."""
    file.display_name = named_as(file.display_name, found.mime_type)
    file.file_size, file.mime_type = found.size, found.mime_type
    file.sha256, file.arrived_sha256 = found.sha256, found.arrived_sha256
    if found.facts is not None:
        file.width, file.height = found.facts.width, found.facts.height
        file.latitude, file.longitude = found.facts.latitude, found.facts.longitude


async def take_selfies(taking: Taking) -> None:
    """Take what the old service knew of pictures of people, once the pictures are here."""
    shown = set(await taking.session.scalars(select(Selfie.file_id)))
    gone = await taking.taken_away("files")  # a selfie went with its picture, which may wait to be brought back
    async for row, part in taking.unseen("selfies", taking.selfies, Selfie):
        if row["file_id"] in gone:
            part.refuse(TAKEN_AWAY, row["id"])
            continue
        try:
            selfie = _selfie(taking, row, shown)
        except Unfit as why:
            part.refuse(str(why), row["id"])
            continue
        if not taking.report.written:
            shown.add(selfie.file_id)
            taking.taken(part, row["id"], taking.selfies)
        elif await taking.put(part, row["id"], selfie, known=taking.selfies):
            shown.add(selfie.file_id)
            # The picture goes and stays with the selfie from now on.
            await taking.session.execute(update(File).where(File.id == selfie.file_id).values(bound=True))
            await taking.session.commit()


def _selfie(taking: Taking, row: OldRow, shown: set[UUID]) -> Selfie:
    application_id = taking.applications.get(row["application_id"])
    if application_id is None:
        raise Unfit(NO_APPLICATION)
    file_id = taking.files.get(row["file_id"])
    if file_id is None:
        raise Unfit(NO_PICTURE)
    if file_id in shown:
        raise Unfit(SAME_PICTURE)
    taken_by = taking.users.get(row["captured_by_user_id"])
    if taken_by is None:
        raise Unfit(NO_UPLOADER)
    kind = member(row["selfie_type"], SelfieType)
    if kind is None:
        raise Unfit(UNKNOWN_TYPE)
    at = moment(row.get("captured_at")) or moment(row.get("created_at")) or taking.at
    if at > taking.at:
        raise Unfit(FUTURE)
    latitude, longitude = degrees(row.get("location_latitude")), degrees(row.get("location_longitude"))
    somewhere = latitude is not None and longitude is not None
    return Selfie(
        id=row["id"],
        file_id=file_id,
        application_id=application_id,
        selfie_type=kind,
        customer_id_number=text(row.get("customer_id_number")),
        customer_name=(name(row.get("customer_name")) or "")[:LONGEST_NAME] or None,
        location_latitude=latitude if somewhere else None,
        location_longitude=longitude if somewhere else None,
        location_address=text(row.get("location_address")),
        notes=text(row.get("notes")),
        taken_by=taken_by,
        created_at=at,
        status=FOUND.get(word(row.get("status")), SelfieStatus.PENDING),
        validated_by=taking.users.get(row.get("validated_by")),
        validated_at=moment(row.get("validated_at")),
        validation_notes=text(row.get("validation_notes")),
    )
