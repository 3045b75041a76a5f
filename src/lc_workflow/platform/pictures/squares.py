"""Pictures made square and small, for profiles."""

from collections.abc import Sequence
from typing import IO

import anyio.to_thread
from PIL import Image, ImageOps

from lc_workflow.platform.pictures.decoding import ONE_AT_A_TIME, SEEN_THROUGH, opened, written


async def square_jpegs(source: IO[bytes], *, sides: Sequence[int]) -> list[bytes]:
    """Cut the middle square out of a picture and write it as JPEGs of these sizes.

    Only the decoded picture counts, not what the file says about itself. It is turned upright; no other metadata of the
    camera – place, time, device – is kept.

    Raises:
        NotAPicture: It is no JPEG, PNG, GIF or WebP, or a broken one.
        PictureTooLarge: It has more pixels than are decoded here.
    """
    return await anyio.to_thread.run_sync(_square_jpegs, source, sides, limiter=ONE_AT_A_TIME)


def _square_jpegs(source: IO[bytes], sides: Sequence[int]) -> list[bytes]:
    with opened(source) as picture:
        largest = max(sides)
        picture.draft("RGB", (largest, largest))  # a large JPEG is decoded at a fraction of its size
        upright = ImageOps.exif_transpose(picture)
        return [written(_square(upright, side)) for side in sides]


def _square(picture: Image.Image, side: int) -> Image.Image:
    """Scale the middle onto a new white canvas, which takes over nothing but its colours."""
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    see_through = picture.has_transparency_data
    scaled = picture.convert("RGBA" if see_through else "RGB").resize(
        (min(side, edge),) * 2,
        Image.Resampling.LANCZOS,
        box=(left, top, left + edge, top + edge),
        reducing_gap=3.0,
    )
    canvas = Image.new("RGB", scaled.size, SEEN_THROUGH)
    canvas.paste(scaled, mask=scaled if see_through else None)
    return canvas
