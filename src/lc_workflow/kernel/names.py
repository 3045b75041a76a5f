"""Names compared as they look: invisible characters do not make two names different."""

import re
import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""Invisible, yet part of how a Khmer word is spelt."""


def plain(text: str) -> str:
    """Write a name on one line as it looks, without invisible characters and with lookalikes made equal."""
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", text)
        if character.isspace() or character in JOINERS or not unicodedata.category(character).startswith("C")
    )
    return re.sub(r" +", " ", kept).strip(" " + JOINERS)


def look(name: str) -> str:
    """The form in which names are compared: as they look, without regard to case and joiners."""
    return without_joiners(name).casefold()


def without_joiners(name: str) -> str:
    """Write a name as it looks and without joiners, for codes: no script needs joiners in those."""
    return re.sub(f"[{JOINERS}]", "", plain(name))
