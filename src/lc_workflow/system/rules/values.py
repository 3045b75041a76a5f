"""What a setting may hold: each type of value, with the sentence that refuses another."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lc_workflow.kernel.dates import is_time_zone

LONGEST_TEXT: Final = 500

LONGEST_NUMBER: Final = 20


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of value: its name, which values it has, and the sentence for those it refuses.

    Null is always allowed and means the default. `read` converts what forms send.
    """

    name: str
    holds: Callable[[Any], bool]
    sentence: str
    read: Callable[[Any], Any] = lambda value: value

    def refusal(self, value: object) -> str | None:
        """Why a value is refused; None when it is not."""
        return None if value is None or self.holds(value) else self.sentence


def _is_text(value: object, pattern: str = r"(?=.*\S)[^\x00-\x1f]+") -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and bool(re.fullmatch(pattern, value))


def one_of(*choices: str) -> Kind:
    """Take one of some words."""
    return Kind("choice", lambda value: value in choices, f"must be one of {', '.join(choices)}")


def whole(least: int, most: int) -> Kind:
    """Take a whole number between two bounds."""
    return Kind(
        "number",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
        f"must be a whole number from {least} to {most}",
        read=_number,
    )


def _number(value: object) -> object:
    """Read a number that a form's field sends as text."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and value.strip().isdecimal():
        return int(value)
    return value


TEXT: Final = Kind("text", _is_text, f"must be one line of text of at most {LONGEST_TEXT} characters")
FLAG: Final = Kind("boolean", lambda value: isinstance(value, bool), "must be true or false")
COLOUR: Final = Kind("colour", lambda value: _is_text(value, r"#[0-9a-fA-F]{6}"), "must be a colour like #1d4ed8")
ADDRESS: Final = Kind(
    "address", lambda value: _is_text(value, r"https?://[!-~]+|/[!-~]*"), "must be an address like https://…"
)
E_MAIL: Final = Kind("e-mail", lambda value: _is_text(value, r"[^@\s]+@[^@\s]+"), "must be an e-mail address")
TIME_ZONE: Final = Kind(
    "time zone",
    lambda value: isinstance(value, str) and is_time_zone(value),
    "must be the name of a time zone like Asia/Phnom_Penh",
)
DATE_FORM: Final = Kind(
    "date form",
    lambda value: _is_text(value, r"(?i)(?=.*d)(?=.*m)(?=.*y)[dmy]{1,4}([ ./,-]{1,2}[dmy]{1,4}){2}"),
    "must say where day, month and year stand, like DD/MM/YYYY",
)
ANYTHING: Final = Kind("anything", lambda _: True, "")
