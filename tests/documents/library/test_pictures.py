"""A photo from a phone: turned upright, its place kept beside it and not in it, and made small in the background."""

import hashlib
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
from httpx import AsyncClient
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from lc_workflow.documents.library.jobs import PURGE_FILES
from lc_workflow.platform.config import Settings
from lc_workflow.platform.jobs import Workplace
from tests.conftest import Person
from tests.documents.hostile.made import drawn
from tests.documents.library.conftest import FILES, PDF, Upload

Announced = Callable[[], Awaitable[list[str]]]
WorkOff = Callable[[], Awaitable[list[str]]]
HELD_LEFT = 6


def taken_by_a_phone(form: str = "JPEG", *, turn: int = HELD_LEFT, place: bool = True, size: Any = (400, 300)) -> bytes:
    """A photo, red on the left and blue on the right, of a camera that was held like this at the Royal Palace.

    As MPO it is a JPEG behind which a second picture stands: how bright or how far away everything was.
    """
    exif = Image.Exif()
    exif[Base.Orientation] = turn
    exif[Base.Make] = "A phone"
    if place:
        north, east = (11.0, 33.0, 50.4), (104.0, 55.0, 51.6)
        exif.get_ifd(IFD.GPSInfo).update(
            {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: north, GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: east}
        )
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    more: dict[str, Any] = {
        "JPEG": {"comment": b"at home"},
        "MPO": {"save_all": True, "append_images": [Image.new("RGB", (40, 30))]},
    }
    picture.save(file := BytesIO(), form, exif=exif, **more.get(form, {}))
    return file.getvalue()


async def kept(client: AsyncClient, file: dict[str, Any]) -> tuple[bytes, Image.Image]:
    content = (await client.get(file["url"])).content
    picture = Image.open(BytesIO(content))
    picture.load()
    return content, picture


@pytest.mark.parametrize("form", ["JPEG", "MPO", "PNG", "WEBP"])
async def test_a_photo_is_turned_upright_and_its_place_is_known_and_not_passed_on(
    client: AsyncClient, officer: Person, upload: Upload, form: str
) -> None:
    brought = taken_by_a_phone(form)
    file = (await upload(officer, brought, "home.jpg")).json()
    assert (file["latitude"], file["longitude"]) == pytest.approx((11.564, 104.931), abs=1e-4)
    content, picture = await kept(client, file)
    assert (file["width"], file["height"]) == picture.size == (300, 400)
    top, bottom = picture.convert("RGB").getpixel((150, 50)), picture.convert("RGB").getpixel((150, 350))
    assert top[0] > 200, "what was on the left is on top"  # type: ignore[index]
    assert bottom[2] > 200, "and what was on the right below"  # type: ignore[index]
    assert dict(picture.getexif()) == {}
    assert b"A phone" not in content
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file["file_size"], file["content_sha256"])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_a_photo_that_is_upright_loses_its_notes_and_not_one_bit_of_what_it_shows(
    client: AsyncClient, officer: Person, upload: Upload, form: str
) -> None:
    brought = drawn(form, comment=b"at home") if form == "GIF" else taken_by_a_phone(form, turn=1)
    file = (await upload(officer, brought, "home.jpg")).json()
    content, picture = await kept(client, file)
    with Image.open(BytesIO(brought)) as before:
        assert picture.convert("RGB").tobytes() == before.convert("RGB").tobytes()
    assert dict(picture.getexif()) == {}
    assert b"at home" not in content
    assert file["content_sha256"] == hashlib.sha256(content).hexdigest() != hashlib.sha256(brought).hexdigest()
    again = (await upload(officer, content, "home.jpg")).json()
    assert again["content_sha256"] == file["content_sha256"], "what is clean stays as it is"
    assert again["latitude"] is None


async def test_previews_are_made_in_the_background_and_opening_one_is_on_record(
    client: AsyncClient, officer: Person, upload: Upload, work_off: WorkOff, announced: Announced
) -> None:
    file = (await upload(officer, taken_by_a_phone(size=(2000, 1500)), "home.jpg")).json()
    address = f"{FILES}/{file['id']}/preview"
    early = await client.get(address, headers=officer.headers)
    assert (early.status_code, early.json()["code"]) == (409, "PreviewNotReady")
    assert early.headers["Retry-After"] == "2"
    assert set(await work_off()) == {"make_previews"}
    for size, shown in (("thumb", (240, 320)), ("web", (960, 1280))):
        answer = await client.get(f"{address}?size={size}", headers=officer.headers)
        preview = await client.get(answer.json()["url"])
        assert preview.headers["content-type"] == "image/jpeg"
        assert preview.headers["content-disposition"].startswith("inline; ")
        assert Image.open(BytesIO(preview.content)).size == shown
    assert (await client.get(f"{FILES}/{file['id']}", headers=officer.headers)).json()["previews"] is True
    assert (await announced())[-2:] == ["FileOpened", "FileOpened"]
    stranger = await client.get(address, headers={})
    assert stranger.status_code == 401


async def test_what_cannot_be_made_small_has_no_preview(
    client: AsyncClient, officer: Person, upload: Upload, work_off: WorkOff, house_settings: Settings
) -> None:
    whole = drawn("PNG")
    at, end = whole.index(b"IDAT"), whole.index(b"IEND") - 8
    rows = b"IDAT" + bytes(end - at - 4)
    broken = whole[:at] + rows + crc32(rows).to_bytes(4, "big") + whole[end + 4 :]
    files = [(await upload(officer, content, "a.png")).json() for content in (broken, PDF, whole)]
    (house_settings.upload_folder / files[2]["file_path"]).unlink()
    await work_off()
    for file in files:
        answer = await client.get(f"{FILES}/{file['id']}/preview", headers=officer.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "NoPreview")


async def test_previews_go_with_a_draft_that_is_thrown_away(
    client: AsyncClient,
    officer: Person,
    application_id: UUID,
    upload: Upload,
    work_off: WorkOff,
    house_settings: Settings,
) -> None:
    file = (await upload(officer, application_id=application_id)).json()
    await work_off()
    previews = house_settings.upload_folder / "previews" / file["id"]
    assert len(list(previews.iterdir())) == 2
    thrown_away = await client.delete(f"/api/v1/applications/{application_id}", headers=officer.headers)
    assert thrown_away.status_code == 204, thrown_away.text
    assert list(previews.iterdir()) == []


async def test_previews_go_with_their_picture_and_come_back_with_it(
    client: AsyncClient,
    officer: Person,
    upload: Upload,
    work_off: WorkOff,
    workplace: Workplace,
    house_settings: Settings,
) -> None:
    file = (await upload(officer)).json()
    previews = house_settings.upload_folder / "previews" / file["id"]
    await work_off()
    assert len(list(previews.iterdir())) == 2
    await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)
    assert list(previews.iterdir()) == []
    await client.post(f"{FILES}/{file['id']}/restore", headers=officer.headers)
    await work_off()
    assert len(list(previews.iterdir())) == 2
    await PURGE_FILES.do(workplace, {})
    assert len(list(previews.iterdir())) == 2
