"""Pictures in lists, as pages of the web app show them: by an address alone, and on record."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from httpx import AsyncClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import FileOpened
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service import PictureLinks
from lc_workflow.platform.config import Settings
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import FILES, JPEG, PDF, OpenOwnHouse, Upload, send
from tests.moments import NOON

WorkOff = Callable[[], Awaitable[list[str]]]


async def listed(client: AsyncClient, person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get(FILES, headers=person.headers)).json()["items"]
    return items


async def opened_by(session: AsyncSession, file_id: str) -> list[UUID | None]:
    """Who has opened a file, in order."""
    found = select(JournalEntry.actor_id).where(
        JournalEntry.kind == "FileOpened", JournalEntry.subject_id == UUID(file_id)
    )
    return list(await session.scalars(found.order_by(JournalEntry.number)))


async def test_a_list_shows_its_pictures_and_looking_at_one_is_on_record(
    client: AsyncClient, session: AsyncSession, officer: Person, upload: Upload, work_off: WorkOff
) -> None:
    await upload(officer, PDF, "title.pdf")
    await upload(officer)
    paper, photo = sorted(await listed(client, officer), key=lambda file: file["mime_type"])
    assert (paper["preview_url"], paper["expires_at"], photo["url"]) == (None, None, None)
    for file in (paper, photo):
        assert (await client.get(f"{FILES}/{file['id']}", headers=officer.headers)).json() == file, (
            "one reads like many"
        )
    assert await opened_by(session, photo["id"]) == [], "who has only listed it has not seen it"

    for kind in ("as it was brought", "made small"):
        led = await client.get(photo["preview_url"])
        assert led.status_code == 302, kind
        assert led.headers["cross-origin-resource-policy"] == "cross-origin", "the page stands on another origin"
        shown = await client.get(led.headers["location"])
        assert shown.headers["content-disposition"].startswith("inline; ")
        assert shown.headers["cross-origin-resource-policy"] == "cross-origin"
        assert Image.open(BytesIO(shown.content)).format == "JPEG"
        await work_off()
    assert await opened_by(session, photo["id"]) == [officer.user.id], "a page that loads it again shows it once"


async def test_what_the_web_app_opens_before_it_shows_it_is_on_record_once(
    client: AsyncClient, session: AsyncSession, officer: Person, upload: Upload
) -> None:
    await upload(officer)
    (photo,) = await listed(client, officer)
    await client.get(f"{FILES}/{photo['id']}/download", headers=officer.headers)
    assert (await client.get(photo["preview_url"])).status_code == 302
    assert await opened_by(session, photo["id"]) == [officer.user.id]


async def test_looking_is_on_record_whatever_others_or_oneself_looked_at_before(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, upload: Upload
) -> None:
    photo, other = [(await upload(officer)).json()["id"] for _ in range(2)]
    admin = await sign_in("admin")
    links = {file["id"]: file["preview_url"] for file in await listed(client, admin)}
    for person, file, at in (
        (officer, photo, NOON),
        (admin, other, NOON),
        (admin, photo, NOON - timedelta(minutes=1)),  # before the link was given
    ):
        opened = FileOpened(actor_id=person.user.id, at=at, file_id=UUID(file), application_id=None)
        session.add(JournalEntry.of(opened))
    await session.commit()
    assert (await client.get(links[photo])).status_code == 302
    assert (await opened_by(session, photo))[-1:] == [admin.user.id]
    assert len(await opened_by(session, photo)) == 3


async def test_a_link_in_a_list_ends_and_cannot_be_made_up(
    client: AsyncClient, session: AsyncSession, officer: Person, upload: Upload, house_settings: Settings
) -> None:
    file_id = UUID((await upload(officer)).json()["id"])
    (photo,) = await listed(client, officer)
    file = await session.get_one(File, file_id)
    old = PictureLinks(house_settings.secret_key).of(
        file, reader=officer.user.id, base_url="http://test", at=NOON - timedelta(minutes=15)
    )
    assert old is not None
    for address, code in ((old, "LinkExpired"), (photo["preview_url"][:-2], "LinkBroken")):
        answer = await client.get(address)
        assert (answer.status_code, answer.json()["code"]) == (403, code), "a 401 would sign the person out"
    await client.delete(f"{FILES}/{file_id}", headers=officer.headers)
    assert (await client.get(photo["preview_url"])).status_code == 404
    (gone,) = (await client.get(f"{FILES}?removed=true", headers=officer.headers)).json()["items"]
    assert gone["preview_url"] is None


async def test_a_page_of_pictures_does_not_use_up_what_one_may_ask(own_house: OpenOwnHouse) -> None:
    async with own_house(rate_limit_enabled=True, rate_limit_requests=8) as house:
        await send(house.client, house.officer, JPEG)
        (photo,) = await listed(house.client, house.officer)
        for _ in range(12):
            link = await house.client.get(f"{FILES}/{photo['id']}/download", headers=house.officer.headers)
            assert link.status_code == 200, link.text
            for address in (link.json()["url"], photo["preview_url"]):
                assert (await house.client.get(address)).status_code in {200, 302}
        assert (await house.client.get(FILES, headers=house.officer.headers)).status_code == 200
