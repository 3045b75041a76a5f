"""The base of every fact that one context announces and others hear."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened: who did it (None for the house itself), for whom if they stood in, and when.

    A fact names its subject: `subject` is the noun (`application`), and the field `<subject>_id` holds its id.
    """

    subject: ClassVar[str]

    actor_id: UUID | None
    on_behalf_of: UUID | None = None
    at: datetime

    @property
    def subject_id(self) -> UUID:
        """The id of what this fact is about."""
        subject_id: UUID = getattr(self, f"{self.subject}_id")
        return subject_id
