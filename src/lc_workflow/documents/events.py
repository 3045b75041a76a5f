"""Facts that documents announces; names of files stay out of them, for they are often names of people."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutFile(Event):
    """A fact about one file."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStored(AboutFile):
    """A file was uploaded; `file_size` is in bytes, `sha256` in hexadecimal."""

    document_type: str | None
    mime_type: str
    file_size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOpened(AboutFile):
    """Somebody was given a link to a file's content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRemoved(AboutFile):
    """A file was taken away, until its retention ends only out of sight; `key` is where its bytes were kept."""

    document_type: str | None
    sha256: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRestored(AboutFile):
    """A removed file was brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReplaced(AboutFile):
    """A newer version, `by_id`, stands in the place of a file, which stays readable."""

    by_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeenElsewhere(AboutFile):
    """A file came that was handed in for another person's application too."""

    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChecked(AboutFile):
    """The bytes of a file were read and compared with what was brought."""

    intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePurged(AboutFile):
    """The retention of a removed file ended; its bytes under `key` are gone for good."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfieJudged(Event):
    """Somebody looked at a selfie that another took; `status` says what they found."""

    subject: ClassVar[str] = "selfie"
    selfie_id: UUID
    application_id: UUID
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutFolder(Event):
    """A fact about one folder."""

    subject: ClassVar[str] = "folder"
    folder_id: UUID
    application_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMade(AboutFolder):
    """A folder was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRenamed(AboutFolder):
    """A folder got another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRemoved(AboutFolder):
    """An empty folder was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTypeChanged(Event):
    """A kind of paper was added, or is called, filed or offered otherwise."""

    subject: ClassVar[str] = "document_type"
    document_type_id: UUID
    code: str
