"""How notifications are worded as a letter."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notification, in both languages where it has them."""

    title: str
    message: str
    title_khmer: str | None = None
    message_khmer: str | None = None


def letter_of(told: Sequence[Told]) -> tuple[str, str]:
    """Write one letter about one or several notifications: its subject and its text."""
    first = told[0]
    subject = first.title if len(told) == 1 else f"{first.title} – and {len(told) - 1} more"
    return subject, "\n\n----\n\n".join(_section(one, named=len(told) > 1) for one in told) + "\n"


def _section(one: Told, *, named: bool) -> str:
    lines = [one.title, one.message] if named else [one.message]
    if one.message_khmer:
        lines += ["", one.title_khmer or "", one.message_khmer] if named else ["", one.message_khmer]
    return "\n".join(lines)
