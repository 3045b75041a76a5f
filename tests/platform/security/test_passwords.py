"""A password is kept as a slow hash, and nobody else waits while it is made."""

import os
import sys
import threading

import bcrypt
import pytest

from lc_workflow.platform.security.passwords import GIVES_WAY, Passwords


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own here")
async def test_threads_that_hash_give_way_to_everything_else() -> None:
    passwords = Passwords(cost=4)
    assert await passwords.matches("a good password", await passwords.hash("a good password"))
    hashing = [each.native_id for each in threading.enumerate() if each.name.startswith("bcrypt") and each.native_id]
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert hashing
    assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in hashing} == {min(ours + GIVES_WAY, 19)}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says which processors one may use")
@pytest.mark.parametrize(("processors", "at_a_time"), [(1, 1), (2, 1), (3, 2), (32, 2)])
def test_a_processor_is_left_to_everything_else_where_there_are_several(
    monkeypatch: pytest.MonkeyPatch, processors: int, at_a_time: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    assert Passwords()._threads._max_workers == at_a_time


async def test_a_password_is_kept_as_a_salted_hash_that_takes_four_thousand_rounds() -> None:
    passwords = Passwords()
    one, two = [await passwords.hash("a good password") for _ in range(2)]
    assert one != two, "two people with one password have different hashes"
    assert one.startswith("$2b$12$")
    assert bcrypt.checkpw(b"a good password", one.encode())
    assert not await passwords.matches("another password", one)


async def test_who_has_no_account_waits_as_long_and_is_let_in_by_no_password() -> None:
    passwords = Passwords(cost=4)
    assert bcrypt.checkpw(b"anything", passwords._nobody.encode()) is False
    assert passwords._nobody[:7] == (await passwords.hash("a good password"))[:7], "the same work is done"
    assert not await passwords.matches("anything", None)
    assert not await passwords.matches("a" * 73, await passwords.hash("a" * 72)), "what bcrypt would not read counts"
