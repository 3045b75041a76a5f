"""What a second factor asks of people, and what it refuses."""

from typing import Final

from lc_workflow.kernel.errors import Invalid, Unauthenticated

STEP_SECONDS: Final = 30
WINDOW: Final = 1
"""How many steps a telephone's clock may be off, to either side (RFC 6238, 5.2)."""

RECOVERY_CODES: Final = 10


class WrongCode(Unauthenticated):
    """The code is wrong, was used before, or is too old."""


class CodeRefused(Invalid):
    """The code that confirms a change to the second factor is wrong or was used before."""


class ChallengeInvalid(Unauthenticated):
    """The sign-in waiting for its second step is unknown, used up, or too old."""


class AlreadyEnrolled(Invalid):
    """There is a second factor already."""


class NotEnrolled(Invalid):
    """There is no second factor."""


class SecondFactorRequired(Invalid):
    """A role the person holds requires the second factor, so it cannot be removed."""


def acceptable_steps(now: int, last: int | None) -> range:
    """The time steps whose code is accepted at the step `now`: those near it, after the `last` one used.

    So a used code is refused, as is every earlier code.
    """
    first = now - WINDOW if last is None else max(now - WINDOW, last + 1)
    return range(first, now + WINDOW + 1)
