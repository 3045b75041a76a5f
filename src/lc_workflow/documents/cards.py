"""Small views of files, for answers that show them inside others."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class DocumentCard(Struct, frozen=True):
    """A paper of an application: its document type, its name, and when it was uploaded."""

    type: str | None
    name: str
    file_id: UUID
    upload_date: datetime
