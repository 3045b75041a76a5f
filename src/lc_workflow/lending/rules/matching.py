"""When two papers, and so two applications, belong to the same person."""

import re
import unicodedata

_KHMER_DIGITS = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\W_]+")


def normal_number(number: str) -> str:
    """Write a number the way it is compared: Khmer digits as ASCII, Latin in capitals, no spaces or dashes.

    Normalisation follows lending.md §5: NFC, zero-width characters stripped.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", number.upper())).translate(_KHMER_DIGITS)
    return _NEITHER_LETTER_NOR_DIGIT.sub("", plain)


def identity_key(id_card_type: str | None, number: str | None) -> str | None:
    """Name a person by the type and number of their identity paper; None when there is no number to know them by."""
    plain = normal_number(number or "")
    return f"{id_card_type or 'other'}:{plain}" if plain else None
