"""What grants and denials come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lc_workflow.identity.rules.grants import GrantAboveOwn, NoSuchRight, Right, check_within_own, effective, known
from lc_workflow.kernel.principal import Scope

READ = "application:read"
RIGHTS = some.builds(Right, some.sampled_from([READ, "user:read"]), some.sampled_from(Scope))


def test_the_widest_grant_counts() -> None:
    assert effective([Right(READ, Scope.OWN), Right(READ, Scope.BRANCH), Right(READ, Scope.TEAM)]) == {
        READ: Scope.BRANCH
    }


def test_a_denial_takes_its_scope_and_every_wider_one() -> None:
    granted = [Right(READ, Scope.OWN), Right(READ, Scope.BRANCH)]
    assert effective(granted, [Right(READ, Scope.ALL)]) == {READ: Scope.BRANCH}
    assert effective(granted, [Right(READ, Scope.BRANCH)]) == {READ: Scope.OWN}
    assert effective(granted, [Right(READ, Scope.OWN)]) == {}


@given(some.lists(RIGHTS), some.lists(RIGHTS))
def test_nothing_comes_of_what_was_not_granted_and_no_denial_adds_anything(
    granted: list[Right], denied: list[Right]
) -> None:
    held = effective(granted, denied)
    assert {Right(permission, scope) for permission, scope in held.items()} <= set(granted)
    before = effective(granted)
    assert all(scope.width <= before[permission].width for permission, scope in held.items())
    for right in denied:
        assert right.permission not in held or held[right.permission].width < right.scope.width


def test_what_the_database_writes_is_read_again() -> None:
    assert known("application:read:branch user:read:own ", "user:read:own") == {READ: Scope.BRANCH}
    assert known("", "") == {}


@pytest.mark.parametrize(
    "written", ["", "application", "application:read", "read:own", "application:read:world", "a:b:c:d"]
)
def test_what_is_not_written_like_a_right_is_none(written: str) -> None:
    with pytest.raises(NoSuchRight):
        Right.parse(written)


def test_nobody_gives_more_than_they_hold() -> None:
    own = {READ: Scope.BRANCH}
    check_within_own(own, Right(READ, Scope.BRANCH), Right(READ, Scope.OWN))
    for right in (Right(READ, Scope.ALL), Right("user:read", Scope.OWN)):
        with pytest.raises(GrantAboveOwn, match=str(right)):
            check_within_own(own, right)
