"""How long an approval holds."""

from datetime import datetime, timedelta
from typing import Final

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.errors import Invalid

VALID_DAYS: Final = "approval_valid_days"
"""The setting that says for how many days an approval may be used."""

USUAL_DAYS: Final = 30
"""For how many days when the setting says nothing that makes sense."""

MOST_DAYS: Final = 3_650


class ApprovalExpired(Invalid):
    """The approval was not used in time."""

    def __init__(self, ends_at: datetime) -> None:
        local = ends_at.astimezone(PHNOM_PENH)
        super().__init__(f"The approval held until {local:%d.%m.%Y, %H:%M}; reopen the application and decide again.")


def valid_days(setting: object) -> int:
    """Read for how many days an approval holds; a setting that is no such number is taken as the usual one."""
    if isinstance(setting, int) and not isinstance(setting, bool) and 1 <= setting <= MOST_DAYS:
        return setting
    return USUAL_DAYS


def valid_until(approved_at: datetime, *, days: int) -> datetime:
    """The moment from which an approval no longer holds."""
    return approved_at + timedelta(days=days)


def begin_of_validity(at: datetime, *, days: int) -> datetime:
    """The moment until which an approval had to be given to have expired by now."""
    return at - timedelta(days=days)
