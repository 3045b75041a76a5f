"""What people may change about their own account."""

from collections.abc import Set as AbstractSet
from typing import Final

from lc_workflow.kernel.errors import Forbidden

PERSONAL: Final = frozenset({"first_name", "last_name", "email", "phone_number"})
"""What everybody may change about themselves."""

NEVER_OWN: Final = frozenset({"role", "status", "status_reason", "password"})
"""What not even an administrator changes about themselves: rights come from others, a password from the old one."""


class NotYoursToChange(Forbidden):
    """These fields of one's own account are for others to change."""


def check_own_change(fields: AbstractSet[str], *, administers: bool) -> None:
    """Let people change what is personal about themselves, and who `administers` accounts all but their rights.

    Raises:
        NotYoursToChange: It names the fields that are not theirs.
    """
    refused = fields & NEVER_OWN if administers else fields - PERSONAL
    if refused:
        raise NotYoursToChange(f"You cannot change this about your own account: {', '.join(sorted(refused))}.")
