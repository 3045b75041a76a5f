"""When an account is locked after wrong passwords, and for how long."""

from datetime import datetime, timedelta
from typing import Final

from lc_workflow.kernel.errors import Invalid

MOST_FAILURES: Final = 5
LOCKED_FOR: Final = timedelta(minutes=30)


class NotLocked(Invalid):
    """The account is not locked."""


def locked_until(failures: int, *, at: datetime) -> datetime | None:
    """When the lock caused by the latest of so many failures in a row ends; None when there are too few."""
    return at + LOCKED_FOR if failures >= MOST_FAILURES else None


def is_locked(until: datetime | None, *, at: datetime) -> bool:
    """Whether a lock that ends `until` still holds."""
    return until is not None and until > at
