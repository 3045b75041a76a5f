"""What people may change about their own account."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Final

from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Scope

PERSONAL: Final = frozenset({"first_name", "last_name", "email", "phone_number"})
"""What everybody may change about themselves."""

NEVER_OWN: Final = frozenset({"role", "status", "status_reason", "password"})
"""What nobody changes about themselves, not even an administrator: rights come from others, a new password needs the
old."""


class NotYoursToChange(Forbidden):
    """Others have to change these fields of one's own account."""


PLACES: Final = {Scope.BRANCH: "branch_id", Scope.DEPARTMENT: "department_id"}
"""The fields of an account that decide where scoped rights reach: changing them would move one's own rights."""


def check_own_change(fields: AbstractSet[str], *, administers: bool, reaching: Collection[Scope] = ()) -> None:
    """Refuse a change of one's own account beyond personal fields; who `administers` accounts may change more.

    `reaching` are the scopes in which they hold rights: somebody who decides loans in their branch does not choose the
    branch.

    Raises:
        NotYoursToChange: It names the fields that are not theirs.
    """
    never = NEVER_OWN | {field for scope, field in PLACES.items() if scope in reaching}
    refused = fields & never if administers else fields - PERSONAL
    if refused:
        raise NotYoursToChange(f"You cannot change this about your own account: {', '.join(sorted(refused))}.")
