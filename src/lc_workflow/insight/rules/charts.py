"""Bar charts, drawn as SVG."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from lc_workflow.kernel.names import JOINERS

WIDTH: Final = 640
BAR: Final = 22
GAP: Final = 8
NAMES: Final = 200
NUMBERS: Final = 120
TOP: Final = 36

MOST_BARS: Final = 30
"""Further bars are left out, and the drawing says so; the table has everything."""

LONGEST_NAME: Final = 28
WHOLE_FROM: Final = 1_000
FONTS: Final = "Noto Sans, Noto Sans Khmer, sans-serif"


def bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Draw one horizontal bar for each value, the longest as wide as there is room; values are not below zero."""
    shown = values[:MOST_BARS]
    most = max((value for _, value in shown), default=0) or 1
    lines = [line for place, (name, value) in enumerate(shown) for line in _bar(place, name, value, most)]
    if not values:
        lines = [f'<text x="0" y="{TOP + BAR}">Nothing to show.</text>']
    if len(values) > len(shown):
        lines.append(f'<text x="0" y="{_height(len(shown)) - GAP}">… and {len(values) - len(shown)} more</text>')
    height = _height(max(len(shown), 1))
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONTS}" font-size="13">',
            f"<title>{_text(title)}</title>",
            f'<text x="0" y="18" font-size="15" font-weight="bold">{_text(title)}</text>',
            *lines,
            "</svg>",
            "",
        )
    )


def _bar(place: int, name: str, value: float, most: float) -> tuple[str, ...]:
    y = TOP + place * (BAR + GAP)
    width = round((WIDTH - NAMES - NUMBERS) * value / most, 1)
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return (
        f'<text x="{NAMES - GAP}" y="{y + 16}" text-anchor="end">{_text(short)}</text>',
        f'<rect x="{NAMES}" y="{y}" width="{width}" height="{BAR}" rx="2" fill="#1d4ed8"/>',
        f'<text x="{NAMES + width + GAP}" y="{y + 16}">{_number(value)}</text>',
    )


def _number(value: float) -> str:
    """Write a number for people: large ones without decimals, small ones exactly."""
    return f"{value:,.0f}" if value >= WHOLE_FROM else f"{value:,.6g}"


def _height(bars_drawn: int) -> int:
    return TOP + bars_drawn * (BAR + GAP) + BAR


def _text(words: str) -> str:
    """Escape words for XML, without control characters; joiners are part of Khmer words."""
    return escape("".join(letter if letter.isprintable() or letter in JOINERS else " " for letter in words))
