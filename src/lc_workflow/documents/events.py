"""Facts that documents announces; names of files stay out of them, for they are often names of people."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStored(Event):
    """A file was uploaded; `file_size` is in bytes, `sha256` in hexadecimal."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None
    document_type: str | None
    mime_type: str
    file_size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOpened(Event):
    """Somebody was given a link to a file's content."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRemoved(Event):
    """A file was taken away, until its retention ends only out of sight; `key` is where its bytes were kept."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None
    document_type: str | None
    sha256: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRestored(Event):
    """A removed file was brought back."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReplaced(Event):
    """A newer version, `by_id`, stands in the place of a file, which stays readable."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None
    by_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeenElsewhere(Event):
    """A file came that was handed in for another person's application too."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChecked(Event):
    """The bytes of a file were read and compared with what was brought."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None
    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePurged(Event):
    """The retention of a removed file ended; its bytes under `key` are gone for good."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfieJudged(Event):
    """Somebody looked at a selfie that another took; `status` says what they found."""

    subject: ClassVar[str] = "selfie"
    selfie_id: UUID
    application_id: UUID
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMade(Event):
    """A folder was made."""

    subject: ClassVar[str] = "folder"
    folder_id: UUID
    application_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRenamed(Event):
    """A folder got another name."""

    subject: ClassVar[str] = "folder"
    folder_id: UUID
    application_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRemoved(Event):
    """An empty folder was taken away."""

    subject: ClassVar[str] = "folder"
    folder_id: UUID
    application_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTypeChanged(Event):
    """A kind of paper was added, or is called, filed or offered otherwise."""

    subject: ClassVar[str] = "document_type"
    document_type_id: UUID
    code: str
