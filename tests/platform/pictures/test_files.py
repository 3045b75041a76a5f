"""What a picture's file carries besides the picture goes, and all that makes it look and move as it does stays."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from lc_workflow.platform.pictures.files import NotAPicture, anatomy_of, write_clean

NOTE = b"Sok Dara, Street 271"
WRITTEN_BY_A_PROGRAM = b"\x21\xff\x0bXMP DataXMP" + bytes([len(NOTE)]) + NOTE + b"\0"


def drawn(form: str, **more: Any) -> bytes:
    Image.new("RGB", (40, 30), "red").save(file := BytesIO(), form, **more)
    return file.getvalue()


def cleaned(content: bytes, content_type: str) -> bytes:
    source, clean = BytesIO(content), BytesIO()
    anatomy = anatomy_of(source, content_type)
    assert anatomy.carries
    write_clean(source, anatomy, clean)
    return clean.getvalue()


def test_a_moving_gif_moves_on_without_its_notes() -> None:
    more = [Image.new("RGB", (40, 30), colour) for colour in ("blue", "green")]
    brought = drawn("GIF", save_all=True, append_images=more, duration=[100, 200, 300], loop=7, comment=NOTE)
    clean = cleaned(brought[:-1] + WRITTEN_BY_A_PROGRAM + b";", "image/gif")
    assert NOTE not in clean
    with Image.open(BytesIO(clean)) as picture:
        assert (picture.n_frames, picture.info["loop"]) == (3, 7)  # type: ignore[attr-defined]
        durations = []
        for frame in range(3):
            picture.seek(frame)
            durations.append(picture.info["duration"])
    assert durations == [100, 200, 300]


def test_a_webp_says_of_no_notes_that_it_has_them() -> None:
    exif = Image.Exif()
    exif[0x010E] = NOTE.decode()
    clean = cleaned(drawn("WEBP", exif=exif, icc_profile=b"a profile"), "image/webp")
    assert NOTE not in clean
    flags = clean[clean.index(b"VP8X") + 8]
    assert (flags & 0x08, flags & 0x04, flags & 0x20) == (0, 0, 0x20), "no EXIF, no XMP, and its colours as before"
    with Image.open(BytesIO(clean)) as picture:
        picture.load()
        assert picture.info["icc_profile"] == b"a profile"


def test_a_jpeg_may_be_filled_up_before_its_parts() -> None:
    plain = drawn("JPEG")
    note = b"\xff\xfe" + (len(NOTE) + 2).to_bytes(2, "big") + NOTE
    filled = plain[:2] + b"\xff\xff" + note + b"\xff" + plain[2:]
    assert cleaned(filled, "image/jpeg") == plain


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("image/jpeg", drawn("JPEG").replace(b"\xff\xdb", b"\x00\xdb", 1)),
        ("image/png", drawn("PNG").replace(b"IHDR", b"IHDS", 1)),
        ("image/gif", drawn("GIF")[:-1]),
        ("image/gif", drawn("GIF")[:13] + b";"),
        ("image/webp", drawn("WEBP")[:-9]),
    ],
)
def test_what_is_put_together_as_no_picture_is_refused(content_type: str, content: bytes) -> None:
    with pytest.raises(NotAPicture):
        anatomy_of(BytesIO(content), content_type)
