"""The moves between the statuses of an account: every pair."""

from itertools import product

import pytest

from lc_workflow.identity.rules.statuses import (
    MOVES,
    NoSuchStatusMove,
    UserStatus,
    check_beginning,
    check_move,
    deactivated,
)

PENDING, ACTIVE, INACTIVE, SUSPENDED, ARCHIVED = UserStatus
PERMITTED = {
    (PENDING, ACTIVE),
    (PENDING, ARCHIVED),
    (ACTIVE, INACTIVE),
    (ACTIVE, SUSPENDED),
    (ACTIVE, ARCHIVED),
    (INACTIVE, ACTIVE),
    (INACTIVE, SUSPENDED),
    (INACTIVE, ARCHIVED),
    (SUSPENDED, ACTIVE),
    (SUSPENDED, ARCHIVED),
    *((status, status) for status in UserStatus),
}


@pytest.mark.parametrize(("source", "target"), sorted(PERMITTED))
def test_an_account_makes_the_moves_of_the_table(source: UserStatus, target: UserStatus) -> None:
    check_move(source, target)


@pytest.mark.parametrize(("source", "target"), sorted(set(product(UserStatus, UserStatus)) - PERMITTED))
def test_an_account_makes_no_other_move(source: UserStatus, target: UserStatus) -> None:
    with pytest.raises(NoSuchStatusMove) as refusal:
        check_move(source, target)
    assert refusal.value.detail.startswith(f"An account that is {source} cannot become {target}; it ")


def test_a_refusal_says_where_one_can_go_instead() -> None:
    with pytest.raises(NoSuchStatusMove, match="it can become active or archived"):
        check_move(SUSPENDED, INACTIVE)
    with pytest.raises(NoSuchStatusMove, match="it stays so"):
        check_move(ARCHIVED, ACTIVE)


def test_every_status_has_its_row() -> None:
    assert set(MOVES) == set(UserStatus)


@pytest.mark.parametrize("status", UserStatus)
def test_a_new_account_is_active_or_waits(status: UserStatus) -> None:
    if status in {PENDING, ACTIVE}:
        check_beginning(status)
    else:
        with pytest.raises(NoSuchStatusMove, match="pending or active"):
            check_beginning(status)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (PENDING, ARCHIVED),
        (ACTIVE, INACTIVE),
        (INACTIVE, INACTIVE),
        (SUSPENDED, ARCHIVED),
        (ARCHIVED, ARCHIVED),
    ],
)
def test_a_deactivated_account_goes_where_the_table_lets_it(source: UserStatus, target: UserStatus) -> None:
    assert deactivated(source) is target
    check_move(source, target)
