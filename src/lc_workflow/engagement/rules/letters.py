"""How notifications are worded as a letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notification, in both languages where it has them."""

    title: str
    message: str
    title_khmer: str | None = None
    message_khmer: str | None = None


def letter_of(told: Sequence[Told], *, signed: Sequence[str] = ()) -> tuple[str, str]:
    """Write one letter about one or several notifications, with the institution's names: its subject and its text."""
    first = told[0]
    subject = first.title if len(told) == 1 else f"{first.title} – and {len(told) - 1} more"
    return subject, "\n\n----\n\n".join(_section(one, named=len(told) > 1) for one in told) + _signature(signed)


def _signature(names: Sequence[str]) -> str:
    return "\n\n-- \n" + "\n".join(names) + "\n" if names else "\n"


def page_of(told: Sequence[Told], *, signed: Sequence[str] = ()) -> str:
    """Write the same letter as HTML that needs nothing from elsewhere: no pictures, no style sheets, no scripts."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"></head>'
        '<body style="font-family: Noto Sans, Noto Sans Khmer, sans-serif; max-width: 40em">'
        + "<hr>".join(_part("en", one.title, one.message) + _khmer_part(one) for one in told)
        + "".join(f"<address>{escape(name)}</address>" for name in signed)
        + "</body></html>\n"
    )


def _khmer_part(told: Told) -> str:
    return _part("km", told.title_khmer or "", told.message_khmer) if told.message_khmer else ""


def _part(language: str, title: str, message: str) -> str:
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in message.splitlines() if line.strip())
    return f'<div lang="{language}">{heading}{paragraphs}</div>'


def _section(one: Told, *, named: bool) -> str:
    lines = [one.title, one.message] if named else [one.message]
    if one.message_khmer:
        lines += ["", one.title_khmer or "", one.message_khmer] if named else ["", one.message_khmer]
    return "\n".join(lines)
