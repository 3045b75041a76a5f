"""The codes of Cambodian places: each level adds two digits to its parent's code."""

import re
from enum import StrEnum
from typing import Final

from lc_workflow.kernel.errors import Invalid


class Level(StrEnum):
    """The levels of the public gazetteer, from the province down."""

    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
    VILLAGE = "village"


LEVELS: Final = {2: Level.PROVINCE, 4: Level.DISTRICT, 6: Level.COMMUNE, 8: Level.VILLAGE}
"""The levels by the number of digits in their codes."""

_DIGITS: Final = re.compile("[0-9]+")


class NoSuchCode(Invalid):
    """Not the code of a place: codes are text of 2, 4, 6 or 8 digits, with their leading zero."""


def level_of(code: str) -> Level:
    """The kind of place a code names.

    Raises:
        NoSuchCode: It has another form, such as one whose leading zero a spreadsheet has eaten.
    """
    level = LEVELS.get(len(code))
    if level is None or not _DIGITS.fullmatch(code):
        raise NoSuchCode("The code of a place has 2, 4, 6 or 8 digits, the leading zero included (“01”, “120101”).")
    return level


def parent_of(code: str) -> str | None:
    """The code of the place that a place lies in; None for a province.

    Raises:
        NoSuchCode: It is no code.
    """
    level_of(code)
    return code[:-2] or None
