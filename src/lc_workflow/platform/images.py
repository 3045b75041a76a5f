"""Pictures from people's phones, made small, square and harmless."""

from collections.abc import Sequence
from io import BytesIO
from typing import IO, Final

import anyio.to_thread
from anyio import CapacityLimiter
from PIL import Image, ImageOps

from lc_workflow.kernel.errors import Invalid

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
MOST_PIXELS: Final = 50_000_000
"""What the cameras of phones make today; decoding it takes up to 200 MB, so one picture is decoded at a time."""

TOO_LARGE: Final = f"The picture has more than {MOST_PIXELS // 1_000_000} million pixels."
QUALITY: Final = 85
_ONE_AT_A_TIME: Final = CapacityLimiter(1)


class NotAPicture(Invalid):
    """The file is no picture that can be read."""


class PictureTooLarge(Invalid):
    """The picture has more pixels than are decoded here."""


async def square_jpegs(source: IO[bytes], *, sides: Sequence[int]) -> list[bytes]:
    """Cut the middle square out of a picture and write it anew as JPEGs of at most so many pixels a side.

    What the file says about itself does not count, only what it holds. It is turned the way the camera was held;
    nothing else that the camera wrote into it – place, time, device – is kept.

    Raises:
        NotAPicture: It is no JPEG, PNG, GIF or WebP, or a broken one.
        PictureTooLarge: It has more pixels than are decoded here.
    """
    return await anyio.to_thread.run_sync(_square_jpegs, source, sides, limiter=_ONE_AT_A_TIME)


def _square_jpegs(source: IO[bytes], sides: Sequence[int]) -> list[bytes]:
    try:
        with Image.open(source, formats=FORMATS) as picture:
            _check_size(picture)
            largest = max(sides)
            picture.draft("RGB", (largest, largest))  # a large JPEG is decoded at a fraction of its size
            upright = ImageOps.exif_transpose(picture)
            return [_written(_square(upright, side)) for side in sides]
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise PictureTooLarge(TOO_LARGE) from bomb
    except Invalid:
        raise
    except Exception as broken:  # a decoder that is fed rubbish raises whatever it stumbles over
        raise NotAPicture("Send a picture: JPEG, PNG, GIF or WebP.") from broken


def _written(square: Image.Image) -> bytes:
    written = BytesIO()
    square.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def _check_size(picture: Image.Image) -> None:
    """Look at the size the file announces, before any of it is decoded."""
    if picture.width * picture.height > MOST_PIXELS:
        raise PictureTooLarge(TOO_LARGE)


def _square(picture: Image.Image, side: int) -> Image.Image:
    """Scale the middle onto a fresh white canvas, which carries nothing over from the picture but its colours."""
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    see_through = picture.has_transparency_data
    scaled = picture.convert("RGBA" if see_through else "RGB").resize(
        (min(side, edge),) * 2,
        Image.Resampling.LANCZOS,
        box=(left, top, left + edge, top + edge),
        reducing_gap=3.0,
    )
    canvas = Image.new("RGB", scaled.size, "white")
    canvas.paste(scaled, mask=scaled if see_through else None)
    return canvas
