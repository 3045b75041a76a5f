"""Telephone numbers as people write them, and the international form in which they are compared and dialled."""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

import phonenumbers

from lc_workflow.kernel.errors import FieldError, Invalid

HOME: Final = "KH"
"""The country of a number written without one."""


_TWO_ZEROS: Final = re.compile(r"[^\w+]*[0០]\W*[0០]")
"""Two zeros before any other letter or digit, in Latin or Khmer digits."""


class NotAPhone(Invalid):
    """This cannot be a telephone number."""


def e164(written: str) -> str:
    """Write a telephone number in E.164 (`+85512345678`); digits of any script are read, `00` stands for `+`.

    Raises:
        NotAPhone: It is no number that a network gives out.
    """
    # The library does not know 00 as Cambodia's international prefix, and would misread 00855.
    abroad = _TWO_ZEROS.match(written)
    international = f"+{written[abroad.end() :]}" if abroad else written
    try:
        number = phonenumbers.parse(international, HOME)
    except phonenumbers.NumberParseException as unreadable:
        raise NotAPhone("This is no telephone number; write it like 012 345 678 or +855 12 345 678.") from unreadable
    if not phonenumbers.is_valid_number(number):
        raise NotAPhone("No network gives out this telephone number; look for a missing or a wrong digit.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


FEWEST_DIGITS: Final = 6
"""Anything shorter is no telephone number in any network."""


def check_phones(fields: Mapping[str, Any], *names: str) -> None:
    """Accept numbers as they were told, even if no network has them; refuse what is no number at all.

    Raises:
        NotAPhone: One has too few digits to be a telephone number.
    """
    for name in names:
        if (told := fields.get(name)) and len(phonenumbers.normalize_digits_only(told)) < FEWEST_DIGITS:
            raise NotAPhone(
                "This is no telephone number; write it like 012 345 678 or +855 12 345 678.",
                errors=(FieldError(name, "must be a telephone number like 012 345 678"),),
            )


def phone_key(written: str | None) -> str | None:
    """The form in which a number is compared: E.164, or its digits when it cannot be dialled; the first of several.

    None for what nobody can mean: too few digits, or one digit repeated, as people write who have no number.
    """
    return next(iter(_keys(written or "")), None)


def phone_keys(*numbers: str | None) -> set[str]:
    """The telephone numbers in one field, in the form in which they are compared; without what is no number."""
    return {key for written in numbers for key in _keys(written or "")}


_BETWEEN: Final = re.compile("[/,;|\n]|ឬ")
"""What people write between two numbers in one field: a slash, a comma, or the Khmer word for "or"."""


@lru_cache(maxsize=512)  # one number is compared several times while an application is written, and takes long
def _keys(written: str) -> tuple[str, ...]:
    if several := tuple(filter(None, map(_called, _BETWEEN.split(written)))):
        return several
    if whole := _called(written):
        return (whole,)
    digits: str = phonenumbers.normalize_digits_only(written)
    return (digits,) if len(digits) >= FEWEST_DIGITS and len(set(digits)) > 1 else ()


def _called(written: str) -> str | None:
    """The number in E.164, if it can be dialled."""
    with suppress(NotAPhone):
        return e164(written)
    return None
