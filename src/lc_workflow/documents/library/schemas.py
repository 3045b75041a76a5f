"""Files and folders as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.names import plain, without_joiners
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.shapes import Name


class FileAnswer(Struct, frozen=True):
    """A file; `file_size` is in bytes, `content_sha256` is that of the bytes that are kept.

    Of a picture `width` and `height` are in pixels, and the place its camera wrote into it in degrees; `previews` says
    whether small pictures of it are made.

    `version` counts from 1; one that was replaced is `replaced_at` a moment and stays readable. `seen_elsewhere` says
    that the same was handed in for another person's application.

    `url`, `preview_url` (images only) and `expires_at` are given to whoever has just uploaded it. Readers get no `url`:
    links are asked for one at a time, so that the journal knows who opened what. The `preview_url` of a picture is the
    reader's own then, and shows it small; following it puts them on record.
    """

    id: UUID
    filename: str
    original_filename: str
    display_name: str
    file_path: str
    file_size: int
    mime_type: str
    document_type: str | None
    uploaded_by: UUID
    application_id: UUID | None
    folder_id: UUID | None
    created_at: datetime
    deleted_at: datetime | None
    content_sha256: str
    width: int | None
    height: int | None
    latitude: float | None
    longitude: float | None
    previews: bool | None
    version: int
    replaces_id: UUID | None
    replaced_at: datetime | None
    seen_elsewhere: bool = False
    url: str | None = None
    preview_url: str | None = None
    expires_at: datetime | None = None


class DownloadAnswer(Struct, frozen=True):
    """An absolute link that needs no header, under both names the web app reads; `expires_in` is in seconds."""

    download_url: str
    url: str
    expires_in: int


class Duplicates(Struct, frozen=True):
    """The same file on other persons' applications.

    `items` are those of them that came first, at most 100, `total` how many there are that one may see, and `hidden`
    how many others.
    """

    items: list[FileAnswer]
    total: int
    hidden: int


class Integrity(Struct, frozen=True):
    """Whether the store holds what was brought; what was found is null where it holds nothing. Sizes are in bytes."""

    file_id: UUID
    intact: bool
    content_sha256: str
    found_sha256: str | None
    file_size: int
    found_size: int | None
    checked_at: datetime


class Placement(Struct, frozen=True, kw_only=True):
    """Where an uploaded file belongs; without a folder, its document type says in which one it is filed."""

    application_id: UUID | None = None
    folder_id: UUID | None = None
    document_type: Annotated[str, Meta(max_length=60)] | None = None
    field_name: Annotated[str, Meta(max_length=100)] | None = None

    def __post_init__(self) -> None:
        """Know the kind of a paper by how it looks: a sign that nobody sees must not hide it from the checklist."""
        if self.document_type is not None:
            msgspec.structs.force_setattr(self, "document_type", without_joiners(self.document_type) or None)


class FolderAnswer(Struct, frozen=True):
    """A folder; `file_count` counts the files right in it that the person may see."""

    id: UUID
    name: str
    parent_id: UUID | None
    application_id: UUID | None
    file_count: int
    created_at: datetime
    updated_at: datetime


class FolderTree(FolderAnswer, frozen=True):
    """A folder with the folders in it."""

    children: list["FolderTree"]


class Hierarchy(Struct, frozen=True):
    """All folders of an application; `total_files` counts those in no folder as well."""

    application_id: UUID
    folders: list[FolderTree]
    total_folders: int
    total_files: int


class NewFolder(Struct, frozen=True, kw_only=True):
    """A folder to make, in another one or at the top, for an application or for the house."""

    EXAMPLE: ClassVar[dict[str, object]] = {"name": "Photos of the stall"}

    name: Name
    parent_id: UUID | None = None
    application_id: UUID | None = None

    def __post_init__(self) -> None:
        """A name nobody sees is none."""
        check_seen(self.name)


class FolderChange(Struct, frozen=True, kw_only=True):
    """What to change about a folder: absent fields stay, and no parent puts it beside the outermost ones."""

    EXAMPLE: ClassVar[dict[str, object]] = {"name": "Photos of both stalls"}

    name: Name | UnsetType = UNSET
    parent_id: UUID | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        """A name nobody sees is none."""
        if self.name is not UNSET:
            check_seen(self.name)


def check_seen(name: str) -> None:
    """Refuse a name of signs that nobody sees.

    Raises:
        InvalidInput: It is one.
    """
    if not plain(name):
        raise cannot_take([FieldError("name", "must not be blank")])
