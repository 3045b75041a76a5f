"""Names as they look: what nobody sees makes none of them another one."""

import re
import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""Invisible, and yet part of how a Khmer word is written."""


def plain(text: str) -> str:
    """Write a name on one line as it looks: what looks alike is alike, and what nobody sees is not there."""
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or character in JOINERS or not unicodedata.category(character).startswith("C")
    )
    return re.sub(r" +", " ", kept).strip(" " + JOINERS)


def look(name: str) -> str:
    """Write a name the way it is told from others: as it looks, capital letters and joiners aside."""
    return without_joiners(name).casefold()


def without_joiners(name: str) -> str:
    """Write a name as it looks, without joiners: a code, in which no script needs them."""
    return re.sub(f"[{JOINERS}]", "", plain(name))
