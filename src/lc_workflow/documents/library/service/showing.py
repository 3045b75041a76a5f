"""Pictures in lists: each link belongs to one reader, so that following it records who looked."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from lc_workflow.documents.library.models import File
from lc_workflow.platform.storage.promises import LinkExpired, key_for, opened, signed

SHOWN_PATH: Final = "/api/v1/files/shown/"
"""Where a picture's own link leads."""


class Shown(Struct, array_like=True, frozen=True):
    """Which picture a link shows to whom, and when it was given, in seconds since 1970."""

    file_id: UUID
    person_id: UUID
    since: float

    @property
    def given_at(self) -> datetime:
        """When the link was given."""
        return datetime.fromtimestamp(self.since, UTC)


class PictureLinks:
    """Links to pictures for lists in a page, which cannot send anything along but an address."""

    lifetime: Final = timedelta(minutes=15)

    def __init__(self, secret: str) -> None:
        """Sign with a key derived from the application's secret."""
        self._key = key_for("links to pictures", secret=secret)

    def of(self, file: File, *, reader: UUID, base_url: str, at: datetime) -> str | None:
        """Make a person's own link to a picture; None for other files and for removed ones."""
        if not file.is_image or file.deleted_at is not None:
            return None
        return f"{base_url.rstrip('/')}{SHOWN_PATH}{signed(Shown(file.id, reader, at.timestamp()), self._key)}"

    def read(self, token: str, *, at: datetime) -> Shown:
        """Read the last part of such a link.

        Raises:
            LinkBroken: The signature is not ours.
            LinkExpired: The link was good until a moment ago.
        """
        shown = opened(token, self._key, Shown)
        if at >= shown.given_at + self.lifetime:
            raise LinkExpired("This link is no longer valid; load the page again to get a new one.")
        return shown
