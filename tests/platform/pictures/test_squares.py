"""Pictures are cut square, written anew, and refused when they are none."""

import struct
import zlib
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lc_workflow.platform.pictures.decoding import PictureTooLarge, facts_of
from lc_workflow.platform.pictures.files import NotAPicture
from lc_workflow.platform.pictures.squares import _square_jpegs, square_jpegs

SIDE = 512
PLACE = "11.5564 N 104.9282 E"


def a_picture(
    size: tuple[int, int] = (800, 600), kind: str = "JPEG", mode: str = "RGB", colour: Any = "red", **extra: Any
) -> BytesIO:
    written = BytesIO()
    Image.new(mode, size, colour).save(written, kind, **extra)
    written.seek(0)
    return written


async def made_of(source: BytesIO) -> Image.Image:
    [made] = await square_jpegs(source, sides=[SIDE])
    picture = Image.open(BytesIO(made))
    picture.load()
    assert picture.format == "JPEG"
    assert picture.mode == "RGB"
    return picture


def colour_at(picture: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    colour = picture.getpixel(place)
    assert isinstance(colour, tuple)
    return colour


@pytest.mark.parametrize(
    ("size", "side"),
    [
        ((800, 600), 512),
        ((600, 800), 512),
        ((512, 512), 512),
        ((4000, 3000), 512),
        ((100, 40), 40),
        ((1, 1), 1),
        ((3000, 1), 1),
        ((2, 5000), 2),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
async def test_a_picture_becomes_a_square_of_at_most_512_pixels(size: tuple[int, int], side: int, kind: str) -> None:
    assert (await made_of(a_picture(size, kind))).size == (side, side)


@pytest.mark.parametrize(
    ("kind", "mode", "colour"),
    [
        ("JPEG", "L", 128),
        ("JPEG", "CMYK", (0, 255, 255, 0)),
        ("PNG", "1", 1),
        ("PNG", "L", 128),
        ("PNG", "LA", (128, 255)),
        ("PNG", "P", 3),
        ("PNG", "I;16", 40_000),
        ("PNG", "RGBA", (255, 0, 0, 128)),
        ("WEBP", "RGBA", (255, 0, 0, 0)),
        ("GIF", "P", 1),
    ],
)
async def test_every_way_to_write_colours_is_understood(kind: str, mode: str, colour: Any) -> None:
    assert (await made_of(a_picture((64, 64), kind, mode, colour))).size == (64, 64)


async def test_the_middle_is_what_is_kept() -> None:
    wide = Image.new("RGB", (900, 300), "white")
    wide.paste("blue", (300, 0, 600, 300))
    source = BytesIO()
    wide.save(source, "PNG")
    made = await made_of(source)
    for corner in product((2, 297), (2, 297)):
        red, green, blue = colour_at(made, corner)
        assert red < 40
        assert green < 40
        assert blue > 200


async def test_what_can_be_seen_through_is_white_behind() -> None:
    made = await made_of(a_picture((64, 64), "PNG", "RGBA", (0, 0, 0, 0)))
    assert colour_at(made, (32, 32)) == (255, 255, 255)


async def test_a_photo_stands_upright_however_the_camera_was_held() -> None:
    lying = Image.new("RGB", (600, 600), "white")
    lying.paste("red", (0, 0, 600, 300))  # the upper half, as the sensor saw it
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on its right side
    source = BytesIO()
    lying.save(source, "JPEG", exif=exif)
    made = await made_of(source)
    assert colour_at(made, (490, 256))[1] < 60
    assert colour_at(made, (20, 256))[1] > 200


async def test_nothing_of_what_the_camera_wrote_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x8769] = "Camera of Sokha", {0x9286: PLACE}
    for source in (
        a_picture(kind="JPEG", exif=exif, comment=PLACE.encode(), icc_profile=b"a profile", dpi=(300, 300)),
        a_picture(kind="PNG", exif=exif),
        a_picture(kind="WEBP", exif=exif),
    ):
        [made] = await square_jpegs(source, sides=[SIDE])
        assert b"Exif" not in made
        assert b"Sokha" not in made
        assert PLACE.encode() not in made
        assert b"a profile" not in made


async def test_of_a_moving_picture_the_first_moment_is_kept() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "green", "blue")]
    source = BytesIO()
    frames[0].save(source, "GIF", save_all=True, append_images=frames[1:])
    red, green, blue = colour_at(await made_of(source), (20, 20))
    assert red > 200
    assert green < 60
    assert blue < 60


def png_of(width: int, height: int) -> BytesIO:
    """A PNG of a few bytes that announces any size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


@pytest.mark.parametrize(
    "size",
    [(7_200, 7_200), (10_000, 10_000), (20_000, 20_000), (65_000, 65_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1)],
)
async def test_a_bomb_is_not_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(PictureTooLarge, match="51 million"):
        await square_jpegs(png_of(*size), sides=[SIDE])


@pytest.mark.parametrize("size", [(8_160, 6_120), (8_192, 6_144)])
def test_what_telephones_call_fifty_megapixels_is_not_too_large(size: tuple[int, int]) -> None:
    facts = facts_of(png_of(*size))
    assert (facts.width, facts.height) == size


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?php phpinfo(); ?>",
        b"%PDF-1.7",
        b"BM" + bytes(100),
        b"II*\x00" + bytes(100),
        b"8BPS" + bytes(100),
        bytes(1000),
    ],
)
async def test_what_is_no_picture_of_the_four_kinds_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        await square_jpegs(BytesIO(content), sides=[SIDE])


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA"])
async def test_other_kinds_of_pictures_are_refused(kind: str) -> None:
    with pytest.raises(NotAPicture):
        await square_jpegs(a_picture((64, 64), kind), sides=[SIDE])


async def test_a_picture_that_breaks_off_is_refused() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = a_picture((300, 300), kind).getvalue()
        with pytest.raises(NotAPicture):
            await square_jpegs(BytesIO(whole[: len(whole) // 2]), sides=[SIDE])


WHOLE = {kind: a_picture((48, 32), kind).getvalue() for kind in ("JPEG", "PNG", "GIF", "WEBP")}


@settings(max_examples=300)
@given(
    kind=st.sampled_from(sorted(WHOLE)),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
    end=st.integers(1, 10_000),
)
def test_a_damaged_picture_is_a_picture_or_none(kind: str, changes: list[tuple[int, int]], end: int) -> None:
    damaged = bytearray(WHOLE[kind][:end])
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    try:
        [made] = _square_jpegs(BytesIO(bytes(damaged)), [SIDE])
    except (NotAPicture, PictureTooLarge):
        return
    assert made.startswith(b"\xff\xd8\xff")
