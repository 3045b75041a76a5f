"""Looking into pictures: their size, how the camera was held, where it was, and small versions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import isfinite
from typing import IO, Any, Final, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from PIL import ExifTags, Image, ImageOps

from lc_workflow.kernel.errors import Invalid
from lc_workflow.platform.pictures.files import NotAPicture

T = TypeVar("T")

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
MOST_PIXELS: Final = 51_000_000
"""What the cameras of phones make today, some of them 8,192 by 6,144; decoding it takes up to 200 MB, so one picture is
decoded at a time.
"""

TOO_LARGE: Final = f"The picture has more than {MOST_PIXELS // 1_000_000} million pixels."
SMALL_QUALITY: Final = 85
QUALITY: Final = 92
"""JPEG quality of a rewritten picture: nobody sees a difference to the original, even in small print."""

ONE_AT_A_TIME: Final = CapacityLimiter(1)
SEEN_THROUGH: Final = "white"

_SAVED_AS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


class PictureTooLarge(Invalid):
    """The picture has more pixels than are decoded here."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture's file says without decoding: its size in pixels as people see it, and the camera's metadata.

    `turned` says that the camera was not held upright; the place is in degrees.
    """

    width: int
    height: int
    turned: bool
    latitude: float | None
    longitude: float | None


def facts_of(source: IO[bytes]) -> Facts:
    """Read the facts, and leave `source` at its start; it may block.

    Raises:
        NotAPicture: It is no JPEG, PNG, GIF or WebP, or a broken one.
        PictureTooLarge: It has more pixels than are decoded here, whatever its size in bytes.
    """
    with opened(source) as picture:
        exif = _exif(picture)
        turn = exif.get(ExifTags.Base.Orientation)
        turned = turn in range(2, 9) and not _moves(picture)
        width, height = picture.size
        if turned and turn in range(5, 9):
            width, height = height, width
        latitude, longitude = _place(dict(exif.get_ifd(ExifTags.IFD.GPSInfo)))
    source.seek(0)
    return Facts(width, height, turned, latitude, longitude)


async def turn_upright(source: IO[bytes], target: IO[bytes], content_type: str) -> None:
    """Rewrite a picture upright, without the camera's metadata.

    Raises:
        NotAPicture, PictureTooLarge: See `facts_of`.
    """

    def turn() -> None:
        with opened(source) as picture:
            upright = ImageOps.exif_transpose(picture)
            upright.info = {
                name: upright.info[name] for name in ("icc_profile", "transparency") if name in upright.info
            }
            upright.save(target, _SAVED_AS[content_type], quality=QUALITY, icc_profile=upright.info.get("icc_profile"))

    await anyio.to_thread.run_sync(turn, limiter=ONE_AT_A_TIME)
    source.seek(0)


async def small_jpegs(source: IO[bytes], *, sides: Sequence[int]) -> list[bytes]:
    """Make JPEGs of a picture that fit into squares of these sizes; a smaller picture is not enlarged.

    Raises:
        NotAPicture, PictureTooLarge: See `facts_of`.
    """

    def shrink() -> list[bytes]:
        with opened(source) as picture:
            largest = max(sides)
            picture.draft("RGB", (largest, largest))  # a large JPEG is decoded at a fraction of its size
            upright = ImageOps.exif_transpose(picture)
            return [written(_fitted(upright, side)) for side in sides]

    return await anyio.to_thread.run_sync(shrink, limiter=ONE_AT_A_TIME)


@contextmanager
def opened(source: IO[bytes]) -> Iterator[Image.Image]:
    """Open a picture of bearable size; any failure of a decoder is the picture's fault.

    Raises:
        NotAPicture, PictureTooLarge: See `facts_of`.
    """
    source.seek(0)
    try:
        with Image.open(source, formats=FORMATS) as picture:
            _check_size(picture)
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise PictureTooLarge(TOO_LARGE) from bomb
    except Invalid:
        raise
    except Exception as broken:  # decoders raise anything when they are given rubbish
        raise NotAPicture("Send a picture: JPEG, PNG, GIF or WebP.") from broken


def _check_size(picture: Image.Image) -> None:
    """Check the size the file announces, before any of it is decoded."""
    if picture.width * picture.height > MOST_PIXELS:
        raise PictureTooLarge(TOO_LARGE)


def written(picture: Image.Image) -> bytes:
    """Write a small picture as JPEG."""
    file = BytesIO()
    picture.save(file, "JPEG", quality=SMALL_QUALITY)
    return file.getvalue()


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    """Scale a whole picture onto a new white canvas, which takes over nothing but its colours."""
    see_through = picture.has_transparency_data
    scaled = picture.convert("RGBA" if see_through else "RGB")
    scaled.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    canvas = Image.new("RGB", scaled.size, SEEN_THROUGH)
    canvas.paste(scaled, mask=scaled if see_through else None)
    return canvas


def _exif(picture: Image.Image) -> Image.Exif:
    """The camera's metadata, without decoding the picture; for a PNG the library would search behind its rows."""
    if picture.format != "PNG":
        return picture.getexif()
    exif = Image.Exif()
    if "exif" in picture.info:
        exif.load(picture.info["exif"])
    return exif


def _moves(picture: Image.Image) -> bool:
    """Whether it is an animation, which would become a still picture when turned.

    Further pictures in a phone's JPEG, of brightness or distance, do not make it an animation.
    """
    return picture.format not in {"JPEG", "MPO"} and getattr(picture, "n_frames", 1) > 1


def _place(gps: dict[int, Any]) -> tuple[float, float] | tuple[None, None]:
    """Read a place in degrees; half a place, or one not on earth, is none."""
    try:
        latitude = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef], "S")
        longitude = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef], "W")
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None, None
    if abs(latitude) <= 90 and abs(longitude) <= 180 and isfinite(latitude + longitude):  # noqa: PLR2004 - degrees
        return round(latitude, 7), round(longitude, 7)
    return None, None


def _degrees(parts: Sequence[Any], reference: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if reference == negative else value
