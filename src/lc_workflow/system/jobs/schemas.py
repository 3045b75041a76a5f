"""Jobs as answers."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class JobStatus(StrEnum):
    """Where a job stands, in the words of the library that keeps the queue."""

    TODO = "todo"
    DOING = "doing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABORTED = "aborted"


class JobAnswer(Struct, frozen=True):
    """A job: what it is called, where it stands, how often it was tried, and when; what it was told is not shown.

    `due_at` is the moment before which it does not begin, `changed_at` when it came to where it stands.
    """

    id: int
    name: str
    status: JobStatus
    attempts: int
    due_at: datetime | None
    asked_at: datetime | None
    changed_at: datetime | None
