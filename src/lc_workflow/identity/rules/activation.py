"""Activation codes as people type them from a paper or a telephone."""

from hashlib import sha256
from unicodedata import decimal


def typed(code: str) -> str:
    """Read a code as it was meant, regardless of blanks, dashes, lower case and Khmer digits."""
    return "".join(str(decimal(sign)) if sign.isdecimal() else sign for sign in code.upper() if sign.isalnum())


def digest_of(code: str) -> bytes:
    """Hash a code as it was typed."""
    return sha256(typed(code).encode()).digest()
