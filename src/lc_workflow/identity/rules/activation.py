"""How the codes are read that people type off a paper or a telephone."""

from hashlib import sha256
from unicodedata import decimal


def typed(code: str) -> str:
    """Read a code as it was meant: blanks, dashes and lower case make no difference, and Khmer digits are digits."""
    return "".join(str(decimal(sign)) if sign.isdecimal() else sign for sign in code.upper() if sign.isalnum())


def digest_of(code: str) -> bytes:
    """Hash a code as it was typed."""
    return sha256(typed(code).encode()).digest()
