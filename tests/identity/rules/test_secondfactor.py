"""Which codes of a telephone are taken, and how the codes on paper are read."""

import pytest

from lc_workflow.identity.rules.activation import digest_of, typed
from lc_workflow.identity.rules.secondfactor import RECOVERY_CODES, STEP_SECONDS, acceptable_steps


@pytest.mark.parametrize(
    ("last", "steps"),
    [(None, [99, 100, 101]), (50, [99, 100, 101]), (98, [99, 100, 101]), (99, [100, 101]), (100, [101]), (101, [])],
)
def test_a_clock_may_be_half_a_minute_off_and_no_code_is_taken_twice(last: int | None, steps: list[int]) -> None:
    assert [*acceptable_steps(100, last)] == steps
    assert (STEP_SECONDS, RECOVERY_CODES) == (30, 10)


def test_a_code_on_paper_is_read_as_it_is_typed() -> None:
    written = digest_of("ABCDE-23456-FGHJK-789MN")
    assert digest_of(" abcde 23456fghjk–789mn ") == written
    assert digest_of("ABCDE-23456-FGHJK-789MM") != written
    assert b"ABCDE" not in written


def test_a_code_typed_on_a_khmer_keyboard_is_the_same_code() -> None:
    assert typed("៤៩២ ៨១៧") == typed("492-817") == "492817"
    assert digest_of("ABCDE-២៣៤៥៦-FGHJK-៧៨៩MN") == digest_of("ABCDE-23456-FGHJK-789MN")
