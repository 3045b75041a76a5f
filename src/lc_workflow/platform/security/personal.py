"""Identity and telephone numbers as people see them who may not read them, and such masks when forms send them back."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from lc_workflow.kernel.errors import FieldError, Invalid

READ: Final = "personal:read"
"""The right to see identity and telephone numbers in full; without it only their last three characters are shown."""

MASK: Final = "•••"
"""Stands for the characters that are not shown; no real number contains it."""

SHOWN: Final = 3
LONG_ENOUGH: Final = 6
"""The length from which the last three characters are shown: enough to recognise a number, not to learn it."""


class MaskedNumber(Invalid):
    """A masked number was sent where there is no number behind the mask."""


def masked(number: str | None) -> str | None:
    """Show that there is a number, and how it ends."""
    if number is None:
        return None
    return MASK + number[-SHOWN:] if len(number) >= LONG_ENOUGH else MASK


def is_masked(value: object) -> bool:
    """Whether a value is a masked number."""
    return isinstance(value, str) and MASK in value


def without_masked(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Leave masked numbers out of a change: the sender has not seen the number and does not mean to change it."""
    return {name: value for name, value in fields.items() if not (name in names and is_masked(value))}


def refuse_masked(fields: Mapping[str, Any], names: Collection[str]) -> None:
    """Refuse a masked number where there is no number yet that it could stand for.

    Raises:
        MaskedNumber: Names the fields.
    """
    if wrong := sorted(name for name in names if is_masked(fields.get(name))):
        raise MaskedNumber(
            "Write the whole number; this one was only shown in part.",
            errors=tuple(FieldError(name, "is shown in part") for name in wrong),
        )
