"""How long an approval holds."""

from datetime import datetime, timedelta
from typing import Final

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.errors import Invalid

VALID_DAYS: Final = "approval_valid_days"
"""The setting for how many days an approval may be used."""

USUAL_DAYS: Final = 30
"""The number of days when the setting makes no sense."""

MOST_DAYS: Final = 3_650


class ApprovalExpired(Invalid):
    """The approval was not used in time."""

    def __init__(self, ends_at: datetime) -> None:
        local = ends_at.astimezone(PHNOM_PENH)
        super().__init__(f"The approval held until {local:%d.%m.%Y, %H:%M}; reopen the application and decide again.")


def valid_days(setting: object) -> int:
    """For how many days an approval is valid; a nonsensical setting is replaced by the usual number."""
    if isinstance(setting, int) and not isinstance(setting, bool) and 1 <= setting <= MOST_DAYS:
        return setting
    return USUAL_DAYS


def valid_until(approved_at: datetime, *, days: int) -> datetime:
    """The moment from which an approval is no longer valid."""
    return approved_at + timedelta(days=days)


def begin_of_validity(at: datetime, *, days: int) -> datetime:
    """An approval given before this moment has expired by now."""
    return at - timedelta(days=days)
