"""Answers about what is still free."""

from msgspec import Struct


class Availability(Struct, frozen=True, kw_only=True):
    """Whether a value can be used, and a sentence about it; never whose it is."""

    available: bool
    valid: bool
    message: str
