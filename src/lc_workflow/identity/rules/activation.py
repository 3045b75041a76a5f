"""How an activation code is read."""

from hashlib import sha256


def digest_of(code: str) -> bytes:
    """Hash a code as it was typed: blanks, dashes and lower case make no difference."""
    return sha256("".join(sign for sign in code.upper() if sign.isalnum()).encode()).digest()
