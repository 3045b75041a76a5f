"""Sample papers: photos and scans as a branch would take them, for the demo institution and its walk."""

from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

CARD: Final = (640, 400)
"""Pixels of a photo: an identity card's shape, small enough to make a hundred of them in a second."""
PAGE: Final = (496, 702)
"""Pixels of a page: A4 at 60 to the inch."""
PAPER: Final = (222, 231, 225)
INK: Final = (32, 38, 46)
RED: Final = (150, 60, 50)
MARGIN: Final = 40


def photo(heading: str, *lines: str) -> bytes:
    """Take a photo of something that says this; a JPEG. The font has Latin letters only."""
    return _saved(_drawn(CARD, heading, lines), "JPEG")


def scan(heading: str, *lines: str) -> bytes:
    """Scan a page that says this; a PDF of one page. The font has Latin letters only."""
    return _saved(_drawn(PAGE, heading, lines), "PDF")


def _drawn(size: tuple[int, int], heading: str, lines: tuple[str, ...]) -> Image.Image:
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((12, 12, size[0] - 13, size[1] - 13), outline=INK)
    draw.text((MARGIN, MARGIN), heading, INK, _font(30))
    for number, line in enumerate(lines):
        draw.text((MARGIN, MARGIN + 70 + 36 * number), line, INK, _font(20))
    draw.text((MARGIN, size[1] - MARGIN - 16), "A sample: nobody's paper.", RED, _font(14))
    return picture


@cache
def _font(size: int) -> FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _saved(picture: Image.Image, form: str) -> bytes:
    file = BytesIO()
    picture.save(file, form)
    return file.getvalue()
