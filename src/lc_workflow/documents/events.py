"""Facts that documents announces; names of files stay out of them, for they are often names of people."""

from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


class AboutFile(Event, frozen=True, kw_only=True):
    """A fact about one file."""

    subject: ClassVar[str] = "file"
    file_id: UUID
    application_id: UUID | None


class FileStored(AboutFile, frozen=True, kw_only=True):
    """A file was uploaded; `file_size` is in bytes, `sha256` in hexadecimal."""

    document_type: str | None
    mime_type: str
    file_size: int
    sha256: str


class FileOpened(AboutFile, frozen=True, kw_only=True):
    """Somebody was given a link to a file's content."""


class FileRemoved(AboutFile, frozen=True, kw_only=True):
    """A file was taken away, until its retention ends only out of sight; `key` is where its bytes were kept."""

    document_type: str | None
    sha256: str
    key: str


class FileRestored(AboutFile, frozen=True, kw_only=True):
    """A removed file was brought back."""


class FileReplaced(AboutFile, frozen=True, kw_only=True):
    """A newer version, `by_id`, stands in the place of a file, which stays readable."""

    by_id: UUID


class FileSeenElsewhere(AboutFile, frozen=True, kw_only=True):
    """A file came that was handed in for another person's application too."""

    sha256: str


class FileChecked(AboutFile, frozen=True, kw_only=True):
    """The bytes of a file were read and compared with what was brought."""

    intact: bool


class FilePurged(AboutFile, frozen=True, kw_only=True):
    """The retention of a removed file ended; its bytes under `key` are gone for good."""

    key: str


class SelfieJudged(Event, frozen=True, kw_only=True):
    """Somebody looked at a selfie that another took; `status` says what they found."""

    subject: ClassVar[str] = "selfie"
    selfie_id: UUID
    application_id: UUID
    status: str


class AboutFolder(Event, frozen=True, kw_only=True):
    """A fact about one folder."""

    subject: ClassVar[str] = "folder"
    folder_id: UUID
    application_id: UUID | None


class FolderMade(AboutFolder, frozen=True, kw_only=True):
    """A folder was made."""


class FolderRenamed(AboutFolder, frozen=True, kw_only=True):
    """A folder got another name."""


class FolderMoved(AboutFolder, frozen=True, kw_only=True):
    """A folder came to lie in another one, or in none."""

    parent_id: UUID | None


class FolderRemoved(AboutFolder, frozen=True, kw_only=True):
    """An empty folder was taken away."""


class DocumentTypeChanged(Event, frozen=True, kw_only=True):
    """A kind of paper was added, or is called, filed or offered otherwise."""

    subject: ClassVar[str] = "document_type"
    document_type_id: UUID
    code: str
