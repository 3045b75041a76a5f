"""When accounts are locked, and until when."""

from datetime import timedelta

import pytest

from lc_workflow.identity.rules.lockout import is_locked, locked_until
from tests.moments import NOON


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_four_wrong_passwords_lock_nobody_out(failures: int) -> None:
    assert locked_until(failures, at=NOON) is None


@pytest.mark.parametrize("failures", [5, 6])
def test_the_fifth_locks_for_half_an_hour(failures: int) -> None:
    assert locked_until(failures, at=NOON) == NOON + timedelta(minutes=30)


def test_a_lock_ends_at_its_moment() -> None:
    until = NOON + timedelta(minutes=30)
    assert is_locked(until, at=until - timedelta(microseconds=1))
    assert not is_locked(until, at=until)
    assert not is_locked(None, at=NOON)
