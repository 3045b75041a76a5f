"""Profile photos over HTTP."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.users.models import User
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.uploads import FORM_ROOM
from tests.conftest import Person, SignIn, open_house, reopen_house
from tests.identity.factories import PASSWORD, a_user

NOBODY = "00000000-0000-4000-8000-000000000000"


def a_picture(colour: str = "red") -> bytes:
    written = BytesIO()
    Image.new("RGB", (640, 480), colour).save(written, "PNG")
    return written.getvalue()


def path_of(user: User) -> str:
    return f"/api/v1/users/{user.id}/profile-photo"


async def put_up(client: AsyncClient, person: Person, user: User, content: bytes, **file: Any) -> Response:
    file = {"name": "me.exe", "type": "application/x-msdownload"} | file  # what the client says does not count
    return await client.post(
        path_of(user), files={"file": (file["name"], content, file["type"])}, headers=person.headers
    )


@pytest.fixture
def kept(house_settings: Settings) -> Callable[[], set[Path]]:
    """The photos in the store."""
    return lambda: {path for path in house_settings.upload_folder.rglob("*") if path.is_file()}


Kept = Callable[[], set[Path]]


async def test_a_photo_is_put_up_and_seen_without_a_token(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    kept: Kept,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    officer, before = await sign_in("officer"), kept()
    answer = await put_up(client, officer, officer.user, a_picture())
    assert answer.status_code == 200, answer.text
    url = answer.json()["profile_image_url"]
    assert re.fullmatch(r"http://test/api/v1/profile-photos/[0-9a-f]{32}\.jpg", url)
    assert answer.json()["primary_url"] == url
    assert (await client.get("/api/v1/auth/me", headers=officer.headers)).json()["profile_image_url"] == url
    photo = await client.get(url)
    assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
    assert photo.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert photo.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (photo.headers["x-content-type-options"], photo.headers["content-length"]) == (
        "nosniff",
        str(len(photo.content)),
    )
    assert Image.open(BytesIO(photo.content)).size == (480, 480)
    sizes = answer.json()["sizes"]
    assert sizes["large"] == url
    pixels = {size: Image.open(BytesIO((await client.get(sizes[size])).content)).size for size in sizes}
    assert pixels == {"large": (480, 480), "medium": (128, 128), "small": (48, 48)}
    assert len(kept() - before) == 3
    assert await announced() == ["AccountChanged"]
    await session.refresh(officer.user)
    assert url.endswith(str(officer.user.profile_photo_key))


async def test_another_photo_takes_the_place_of_the_former(client: AsyncClient, sign_in: SignIn, kept: Kept) -> None:
    officer, before = await sign_in("officer"), kept()
    first = (await put_up(client, officer, officer.user, a_picture("red"))).json()["profile_image_url"]
    second = (await put_up(client, officer, officer.user, a_picture("blue"))).json()["profile_image_url"]
    assert first != second
    assert (await client.get(first)).status_code == 404
    assert (await client.get(second)).status_code == 200
    assert len(kept() - before) == 3


async def test_a_photo_is_taken_down(client: AsyncClient, sign_in: SignIn, kept: Kept) -> None:
    officer, before = await sign_in("officer"), kept()
    url = (await put_up(client, officer, officer.user, a_picture())).json()["profile_image_url"]
    for _ in range(2):
        answer = await client.delete(path_of(officer.user), headers=officer.headers)
        assert (answer.status_code, answer.json()) == (
            200,
            {"profile_image_url": None, "primary_url": None, "sizes": {}},
        )
    assert (await client.get(url)).status_code == 404
    assert (await client.get("/api/v1/auth/me", headers=officer.headers)).json()["profile_image_url"] is None
    assert kept() == before


async def test_an_administrator_puts_up_photos_for_others(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    session.add(other := a_user())
    admin = await sign_in("admin")
    url = (await put_up(client, admin, other, a_picture())).json()["profile_image_url"]
    shown = (await client.get(f"/api/v1/users/{other.id}", headers=admin.headers)).json()
    assert shown["profile_image_url"] == url
    listed = (await client.get("/api/v1/users", headers=admin.headers)).json()["items"]
    assert {user["profile_image_url"] for user in listed} == {url, None}


@pytest.mark.parametrize("role", ["manager", "officer", "teller", "auditor", "viewer"])
async def test_nobody_else_does(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, kept: Kept, role: str
) -> None:
    session.add(other := a_user())
    person, before = await sign_in(role), kept()
    for answer in (
        await put_up(client, person, other, a_picture()),
        await client.delete(path_of(other), headers=person.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
    assert kept() == before


async def test_strangers_put_up_nothing(client: AsyncClient, session: AsyncSession) -> None:
    session.add(other := a_user())
    await session.commit()
    assert (await client.post(path_of(other), files={"file": a_picture()})).status_code == 401
    assert (await client.delete(path_of(other))).status_code == 401


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "NotAPicture"),
        (a_picture()[:200], "NotAPicture"),
        (b"MZ" + bytes(500), "NotAPicture"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x02\x00\x00\x00", "NotAPicture"),
        (b"", "NotAPicture"),
    ],
)
async def test_what_is_no_picture_is_refused_whatever_it_is_called(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, kept: Kept, content: bytes, code: str
) -> None:
    officer, before = await sign_in("officer"), kept()
    answer = await put_up(client, officer, officer.user, content, name="me.jpg", type="image/jpeg")
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert kept() == before
    await session.refresh(officer.user)
    assert officer.user.profile_photo_key is None


async def test_a_form_without_a_file_is_refused(client: AsyncClient, sign_in: SignIn) -> None:
    officer = await sign_in("officer")
    path, headers = path_of(officer.user), officer.headers
    picture = ("me.png", a_picture(), "image/png")
    for answer in (
        await client.post(path, files={"photo": picture}, headers=headers),
        await client.post(path, files=[("file", (None, "text"))], headers=headers),
        await client.post(path, files=[("file", picture), ("file", picture)], headers=headers),
        await client.post(path, data={"file": "text"}, headers=headers),
        await client.post(path, json={"file": "text"}, headers=headers),
        await client.post(path, content=b"", headers=headers),
        await client.post(
            path, content=b"--x\r\nrubbish", headers=headers | {"content-type": "multipart/form-data; boundary=x"}
        ),
        await client.post(path, content=b"rubbish", headers=headers | {"content-type": "multipart/form-data"}),
    ):
        assert answer.status_code in {415, 422}, answer.text
        assert isinstance(answer.json()["detail"], str)


async def test_a_file_that_is_too_large_is_not_read_to_its_end(
    client: AsyncClient, sign_in: SignIn, house_settings: Settings
) -> None:
    officer = await sign_in("officer")
    answer = await put_up(client, officer, officer.user, bytes(house_settings.max_file_size + FORM_ROOM))
    assert (answer.status_code, answer.json()["code"]) == (413, "TooLarge")


@pytest.mark.parametrize(
    "name",
    [
        "0" * 32 + ".jpg",
        "0" * 32,
        "0" * 31 + ".jpg",
        "0" * 32 + ".jpg%0A",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "A" * 32 + ".jpg",
        "x" * 500,
        "%00",
    ],
)
async def test_a_name_that_is_guessed_leads_nowhere(client: AsyncClient, name: str) -> None:
    answer = await client.get(f"/api/v1/profile-photos/{name}")
    assert answer.status_code in {404, 422}, answer.text


async def test_photos_do_not_use_up_what_one_may_ask(own_settings: Settings) -> None:
    wish = {"username": "chief", "email": "c@b.kh", "first_name": "A", "last_name": "B", "password": PASSWORD}
    settings = Settings(
        **{name: getattr(own_settings, name) for name in Settings.__dataclass_fields__}
        | {"rate_limit_enabled": True, "rate_limit_requests": 30}
    )
    async with open_house(settings) as client:
        user_id = (await client.post("/api/v1/auth/setup-first-admin", json=wish)).json()["id"]
        entry = await client.post("/api/v1/auth/login", json={"username": "chief", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {entry.json()['access_token']}"}
        path = f"/api/v1/users/{user_id}/profile-photo"
        answers = [
            await client.post(path, files={"file": ("me.png", a_picture(), "image/png")}, headers=headers)
            for _ in range(11)
        ]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429], "ten uploads a minute"
        url = answers[9].json()["profile_image_url"]
        assert {(await client.get(url)).status_code for _ in range(60)} == {200}
        assert (await client.get("/api/v1/auth/me", headers=headers)).status_code == 200


async def test_somebody_who_is_not_there_gets_no_photo(client: AsyncClient, sign_in: SignIn) -> None:
    admin = await sign_in("admin")
    path = f"/api/v1/users/{NOBODY}/profile-photo"
    answer = await client.post(path, files={"file": ("me.png", a_picture(), "image/png")}, headers=admin.headers)
    assert answer.status_code == 404
    assert (await client.delete(path, headers=admin.headers)).status_code == 404


async def test_of_photos_put_up_at_once_one_is_kept(own_settings: Settings) -> None:
    wish = {"username": "chief", "email": "c@b.kh", "first_name": "A", "last_name": "B", "password": PASSWORD}
    async with reopen_house(own_settings) as client:
        user_id = (await client.post("/api/v1/auth/setup-first-admin", json=wish)).json()["id"]
        entry = await client.post("/api/v1/auth/login", json={"username": "chief", "password": PASSWORD})
        headers = {"Authorization": f"Bearer {entry.json()['access_token']}"}
        path = f"/api/v1/users/{user_id}/profile-photo"
        file = ("me.png", a_picture(), "image/png")
        answers = await asyncio.gather(*(client.post(path, files={"file": file}, headers=headers) for _ in range(8)))
        urls = {answer.json()["profile_image_url"] for answer in answers}
        shown = (await client.get("/api/v1/auth/me", headers=headers)).json()["profile_image_url"]
        assert len(urls) == 8
        assert [url for url in urls if (await client.get(url)).status_code == 200] == [shown]
