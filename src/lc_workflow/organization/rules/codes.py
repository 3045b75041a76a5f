"""Employee codes: four digits, the lowest free one first."""

from collections.abc import Container, Iterator
from datetime import timedelta
from itertools import islice, product
from typing import Final

from lc_workflow.kernel.errors import Invalid

DIGITS: Final = "0123456789"
LENGTH: Final = 4
ANY: Final = "?" * LENGTH
"""The pattern that every code fits."""
NOBODY: Final = "0" * LENGTH
"""A code that forms use for “no employee”, so it is never given out by itself."""
RESERVED_FOR: Final = timedelta(days=1)
"""How long reserved codes are kept back: a day's work on paper forms or on a list to import."""


class PatternUnreadable(Invalid):
    """A pattern is not made of four digits and question marks."""


class NoCodeLeft(Invalid):
    """Fewer codes are free than were asked for."""


def is_code(text: str) -> bool:
    """Whether the text could be somebody's code."""
    return len(text) == LENGTH and all(sign in DIGITS for sign in text)


def next_codes(taken: Container[str], *, count: int = 1, pattern: str = ANY) -> tuple[str, ...]:
    """Choose the lowest free codes that fit a pattern, in order.

    A pattern says which digits are given and which are free: `12??` is 1200 to 1299. Gaps are filled before the
    numbers grow, so that one code typed far ahead does not use up the rest.

    Raises:
        PatternUnreadable: The pattern is not four digits and question marks.
        NoCodeLeft: Fewer than `count` fitting codes are free.
    """
    free = tuple(islice((code for code in _fitting(pattern) if code != NOBODY and code not in taken), count))
    if len(free) < count:
        raise NoCodeLeft(
            f"Only {len(free)} codes that fit {pattern} are left." if free else f"No code that fits {pattern} is left."
        )
    return free


def _fitting(pattern: str) -> Iterator[str]:
    """Count through all codes that fit a pattern."""
    if len(pattern) != LENGTH or not all(sign in DIGITS + "?" for sign in pattern):
        raise PatternUnreadable("A pattern is four signs, digits and question marks, such as 12?? for 1200 to 1299.")
    return map("".join, product(*(DIGITS if sign == "?" else sign for sign in pattern)))
