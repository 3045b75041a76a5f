"""What those see of a person's numbers who may not read them, and how their forms are read when they come back."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from lc_workflow.kernel.errors import FieldError, Invalid

READ: Final = "personal:read"
"""To see identity numbers and telephones whole; without it their last three signs are shown."""

MASK: Final = "•••"
"""What stands for the signs that are not shown; no number that somebody writes holds it."""

SHOWN: Final = 3
LONG_ENOUGH: Final = 6
"""From how many signs on the last three are shown: they tell a colleague which number is meant, and not the number."""


class MaskedNumber(Invalid):
    """A number is to be written down that was only ever shown masked."""


def masked(number: str | None) -> str | None:
    """Show that there is a number, and how it ends."""
    if number is None:
        return None
    return MASK + number[-SHOWN:] if len(number) >= LONG_ENOUGH else MASK


def is_masked(value: object) -> bool:
    """Whether a value is what somebody was shown who may not read the number."""
    return isinstance(value, str) and MASK in value


def without_masked(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Leave out of a change what comes back masked: whoever sends that has not seen the number, and changes nothing."""
    return {name: value for name, value in fields.items() if not (name in names and is_masked(value))}


def refuse_masked(fields: Mapping[str, Any], names: Collection[str]) -> None:
    """Write no mask down where there is nothing yet that it could stand for.

    Raises:
        MaskedNumber: Names the fields.
    """
    if wrong := sorted(name for name in names if is_masked(fields.get(name))):
        raise MaskedNumber(
            "Write the whole number; this one was only shown in part.",
            errors=tuple(FieldError(name, "is shown in part") for name in wrong),
        )
