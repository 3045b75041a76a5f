"""The statuses of an account, and the moves between them."""

from enum import StrEnum

from lc_workflow.kernel.errors import Invalid


class UserStatus(StrEnum):
    """Where an account stands; only an active one can sign in."""

    PENDING = "pending"
    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"


MOVES = {
    UserStatus.PENDING: frozenset({UserStatus.ACTIVE, UserStatus.ARCHIVED}),
    UserStatus.ACTIVE: frozenset({UserStatus.INACTIVE, UserStatus.SUSPENDED, UserStatus.ARCHIVED}),
    UserStatus.INACTIVE: frozenset({UserStatus.ACTIVE, UserStatus.SUSPENDED, UserStatus.ARCHIVED}),
    UserStatus.SUSPENDED: frozenset({UserStatus.ACTIVE, UserStatus.ARCHIVED}),
    UserStatus.ARCHIVED: frozenset[UserStatus](),
}
"""The statuses an account may move to, from each status (the web app's contract, §3)."""

BEGINNINGS = (UserStatus.PENDING, UserStatus.ACTIVE)
"""The statuses a new account may begin with."""


class NoSuchStatusMove(Invalid):
    """An account does not move from this status to that one."""


def check_move(source: UserStatus, target: UserStatus) -> None:
    """Refuse a move that is not in the table.

    Raises:
        NoSuchStatusMove: The move is not in the table.
    """
    if target is not source and target not in MOVES[source]:
        allowed = " or ".join(sorted(MOVES[source]))
        ways = f"it can become {allowed}" if allowed else "it stays so"
        raise NoSuchStatusMove(f"An account that is {source} cannot become {target}; {ways}.")


def check_beginning(status: UserStatus) -> None:
    """Refuse a status that a new account cannot begin with.

    Raises:
        NoSuchStatusMove: Nobody is suspended or put aside before they came.
    """
    if status not in BEGINNINGS:
        raise NoSuchStatusMove(f"A new account is {' or '.join(BEGINNINGS)}, not {status}.")


def deactivated(status: UserStatus) -> UserStatus:
    """The status of an account after deactivation: inactive where the table allows it, else archived."""
    if status is UserStatus.INACTIVE or UserStatus.INACTIVE in MOVES[status]:
        return UserStatus.INACTIVE
    return UserStatus.ARCHIVED
