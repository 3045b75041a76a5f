"""Which employee code comes next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.organization.rules.codes import ANY, NOBODY, NoCodeLeft, PatternUnreadable, is_code, next_codes

CODES = st.integers(0, 9_999).map("{:04}".format)
PATTERNS = st.text("0123456789?", min_size=4, max_size=4)


def fits(code: str, pattern: str) -> bool:
    return all(wanted in {"?", sign} for sign, wanted in zip(code, pattern, strict=True))


def test_the_first_employee_gets_the_first_code() -> None:
    assert next_codes(frozenset()) == ("0001",)


@pytest.mark.parametrize(
    ("taken", "pattern", "code"),
    [
        ({"0001", "0002"}, ANY, "0003"),
        ({"0001", "0003", "9999"}, ANY, "0002"),
        (set(), "12??", "1200"),
        ({"1200", "1201"}, "12??", "1202"),
        (set(), "?1?1", "0101"),
        (set(), "0042", "0042"),
    ],
)
def test_the_lowest_free_code_that_fits_comes_next(taken: set[str], pattern: str, code: str) -> None:
    assert next_codes(taken, pattern=pattern) == (code,)


@given(taken=st.frozensets(CODES, max_size=200), pattern=PATTERNS, count=st.integers(1, 100))
def test_chosen_codes_are_free_fit_and_leave_no_lower_one_out(taken: frozenset[str], pattern: str, count: int) -> None:
    could_be = [code for code in map("{:04}".format, range(1, 10_000)) if fits(code, pattern) and code not in taken]
    if len(could_be) < count:
        with pytest.raises(NoCodeLeft):
            next_codes(taken, count=count, pattern=pattern)
    else:
        assert next_codes(taken, count=count, pattern=pattern) == tuple(could_be[:count])


@given(taken=st.frozensets(CODES, max_size=50), first=st.integers(1, 40), second=st.integers(1, 40))
def test_choosing_in_two_steps_is_choosing_at_once(taken: frozenset[str], first: int, second: int) -> None:
    begun = next_codes(taken, count=first)
    assert begun + next_codes(taken | set(begun), count=second) == next_codes(taken, count=first + second)


def test_nobody_is_given_four_noughts() -> None:
    with pytest.raises(NoCodeLeft):
        next_codes(frozenset(), pattern=NOBODY)


def test_when_all_codes_are_taken_it_says_so() -> None:
    everyone = set(map("{:04}".format, range(10_000)))
    with pytest.raises(NoCodeLeft, match=r"No code that fits \?\?\?\? is left"):
        next_codes(everyone)
    with pytest.raises(NoCodeLeft, match="Only 2 codes that fit"):
        next_codes(everyone - {"0007", "1200"}, count=3)


@pytest.mark.parametrize("pattern", ["", "12", "12?", "12???", "ABCD", "12 ?", "១២??", "sequential_numeric", "12?\n"])
def test_a_pattern_is_digits_and_question_marks(pattern: str) -> None:
    with pytest.raises(PatternUnreadable):
        next_codes(frozenset(), pattern=pattern)


@pytest.mark.parametrize(("text", "verdict"), [("0001", True), ("1", False), ("00010", False), ("១២៣៤", False)])
def test_a_code_is_four_latin_digits(text: str, *, verdict: bool) -> None:
    assert is_code(text) is verdict
