"""What people may change about their own account."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Final

from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Scope

PERSONAL: Final = frozenset({"first_name", "last_name", "email", "phone_number"})
"""What everybody may change about themselves."""

NEVER_OWN: Final = frozenset({"role", "status", "status_reason", "password"})
"""What not even an administrator changes about themselves: rights come from others, a password from the old one."""


class NotYoursToChange(Forbidden):
    """These fields of one's own account are for others to change."""


PLACES: Final = {Scope.BRANCH: "branch_id", Scope.DEPARTMENT: "department_id"}
"""What of an account says where rights of a scope reach: whoever moves themselves takes such rights elsewhere."""


def check_own_change(fields: AbstractSet[str], *, administers: bool, reaching: Collection[Scope] = ()) -> None:
    """Let people change what is personal about themselves, and who `administers` accounts all but their rights.

    `reaching` are the scopes in which they hold rights: who decides loans in their branch does not choose the branch.

    Raises:
        NotYoursToChange: It names the fields that are not theirs.
    """
    never = NEVER_OWN | {field for scope, field in PLACES.items() if scope in reaching}
    refused = fields & never if administers else fields - PERSONAL
    if refused:
        raise NotYoursToChange(f"You cannot change this about your own account: {', '.join(sorted(refused))}.")
