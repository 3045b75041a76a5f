"""A photo goes from the phone to the store over a bad network, and becomes one file."""

import hashlib
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import pytest
from httpx import AsyncClient, Response
from litestar import Litestar
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.deliveries.models import Delivery
from lc_workflow.documents.deliveries.service import KEPT_FOR, clear_up
from lc_workflow.documents.library.models import File
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.clock import Clock, system_clock
from lc_workflow.platform.config import ObjectStoreSettings, Settings
from lc_workflow.platform.storage.local import LocalStore
from tests.conftest import Person, Sessions, SignIn
from tests.documents.library.conftest import FILES, JPEG, NOBODY, PDF, OpenOwnHouse, own_house, s3
from tests.documents.library.test_pictures import taken_by_a_phone
from tests.moments import NOON
from tests.servers.databases import until_somebody_waits

__all__ = ["own_house", "s3"]


def announcement(content: bytes = JPEG, **changes: Any) -> dict[str, Any]:
    return {
        "file_id": str(uuid4()),
        "filename": "អត្តសញ្ញាណប័ណ្ណ.jpg",
        "content_type": "image/jpeg",
        "file_size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "document_type": "borrower_id_card",
        **changes,
    }


async def announce(client: AsyncClient, person: Person, **changes: Any) -> Response:
    return await client.post(f"{FILES}/upload-url", json=announcement(**changes), headers=person.headers)


async def finalize(client: AsyncClient, person: Person, file_id: str, **more: Any) -> Response:
    return await client.post(f"{FILES}/finalize", json={"file_id": file_id, **more}, headers=person.headers)


async def test_what_was_announced_and_put_becomes_a_file_in_its_folder(
    client: AsyncClient, session: AsyncSession, officer: Person, application_id: UUID
) -> None:
    link = (await announce(client, officer, application_id=str(application_id))).json()
    put = await client.put(link["upload_url"], content=JPEG, headers=link["headers"])
    assert put.status_code == 204, put.text

    answer = await finalize(client, officer, link["file_id"])
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert (file["id"], file["file_size"], file["mime_type"]) == (link["file_id"], len(JPEG), "image/jpeg")
    assert file["display_name"] == "អត្តសញ្ញាណប័ណ្ណ.jpg"
    assert (await client.get(file["url"])).content == JPEG
    folder = await client.get(f"/api/v1/folders/{file['folder_id']}", headers=officer.headers)
    assert folder.json()["name"] == "Borrower Documents"
    assert await session.scalar(select(func.count()).select_from(Delivery)) == 0


async def test_a_phone_that_repeats_everything_makes_one_file(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    wish = announcement()
    for _ in range(2):
        link = (await client.post(f"{FILES}/upload-url", json=wish, headers=officer.headers)).json()
        assert (await client.put(link["upload_url"], content=JPEG)).status_code == 204
        answer = await finalize(client, officer, wish["file_id"])
        assert (answer.status_code, answer.json()["id"]) == (201, wish["file_id"])
    assert await session.scalar(select(func.count()).select_from(File)) == 1


async def test_an_upload_through_the_api_may_be_repeated_as_well(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, branch: Branch
) -> None:
    file_id = str(uuid4())
    form: dict[str, Any] = {"files": {"file": ("id.jpg", JPEG, "image/jpeg")}, "data": {"id": file_id}}
    ids = {(await client.post(f"{FILES}/upload", headers=officer.headers, **form)).json()["id"] for _ in range(2)}
    assert ids == {file_id}
    assert await session.scalar(select(func.count()).select_from(File)) == 1
    other = await sign_in("officer", branch_id=branch.id)
    taken = await client.post(f"{FILES}/upload", headers=other.headers, **form)
    assert (taken.status_code, taken.json()["code"]) == (422, "FileIdTaken")


async def test_another_paper_under_the_id_of_one_that_arrived_is_not_lost_in_silence(
    client: AsyncClient, session: AsyncSession, officer: Person, application_id: UUID
) -> None:
    file_id = str(uuid4())

    async def upload(content: bytes, **data: Any) -> Any:
        form: dict[str, Any] = {"files": {"file": ("id.jpg", content, "image/jpeg")}, "data": {"id": file_id, **data}}
        return await client.post(f"{FILES}/upload", headers=officer.headers, **form)

    photo = taken_by_a_phone()
    assert (await upload(photo)).status_code == 201
    assert (await upload(photo)).json()["id"] == file_id, "what arrived counts, not what was made of it"
    elsewhere = {"application_id": str(application_id)}
    for refused in (await upload(JPEG), await upload(photo, **elsewhere)):
        assert (refused.status_code, refused.json()["code"]) == (422, "FileIdTaken")
    assert await session.scalar(select(func.count()).select_from(File)) == 1


async def test_another_paper_is_not_announced_under_the_id_of_one_that_arrived(
    client: AsyncClient, officer: Person, application_id: UUID
) -> None:
    link = (await announce(client, officer)).json()
    await client.put(link["upload_url"], content=JPEG)
    assert (await finalize(client, officer, link["file_id"])).status_code == 201
    used = {"file_id": link["file_id"]}
    assert (await announce(client, officer, **used)).status_code == 200, "the answer may have been lost"
    for refused in (
        await announce(client, officer, content=PDF, **used),
        await announce(client, officer, application_id=str(application_id), **used),
        await client.post(f"{FILES}/multipart", json=announcement(PDF, **used), headers=officer.headers),
        await finalize(client, officer, link["file_id"], sha256=hashlib.sha256(PDF).hexdigest()),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "FileIdTaken"), refused.text


async def test_who_asks_again_much_later_or_lost_the_application_gets_no_link_beside_the_record(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, application_id: UUID
) -> None:
    link = (await announce(client, officer, application_id=str(application_id))).json()
    await client.put(link["upload_url"], content=JPEG)
    assert (await finalize(client, officer, link["file_id"])).json()["url"]
    file = await session.get_one(File, UUID(link["file_id"]))
    file.created_at -= timedelta(minutes=15)
    await session.commit()
    later = (await finalize(client, officer, link["file_id"])).json()
    assert (later["id"], later["url"], later["preview_url"], later["expires_at"]) == (link["file_id"], None, None, None)

    application = await session.get_one(CustomerApplication, application_id)
    application.user_id, application.branch_id = (other := await sign_in("officer")).user.id, other.user.branch_id
    await session.commit()
    assert (await client.get(f"{FILES}/{link['file_id']}", headers=officer.headers)).status_code == 404
    refused = await finalize(client, officer, link["file_id"])
    assert (refused.status_code, refused.json()["code"]) == (422, "FileIdTaken")
    whole = await client.post(f"{FILES}/multipart/{link['file_id']}/complete", headers=officer.headers)
    assert (whole.status_code, whole.json()["code"]) == (404, "Missing")


async def test_a_link_to_an_uploaded_file_does_not_change_it_afterwards(client: AsyncClient, officer: Person) -> None:
    link = (await announce(client, officer)).json()
    await client.put(link["upload_url"], content=JPEG)
    file = (await finalize(client, officer, link["file_id"])).json()
    await client.put(link["upload_url"], content=b"MZ" + JPEG[2:])
    assert (await client.get(file["url"])).content == JPEG


@pytest.mark.parametrize(
    ("brought", "changes", "code"),
    [
        (None, {}, "NothingArrived"),
        (JPEG[:-1], {}, "WrongSize"),
        (JPEG[:-1] + b"!", {}, "WrongContent"),
        (b"MZ" + bytes(200), {"file_size": 202, "sha256": None}, "TypeNotAllowed"),
    ],
)
async def test_what_is_not_as_announced_is_not_taken(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    brought: bytes | None,
    changes: dict[str, Any],
    code: str,
) -> None:
    link = (await announce(client, officer, **changes)).json()
    if brought is not None:
        await client.put(link["upload_url"], content=brought)
    answer = await finalize(client, officer, link["file_id"])
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await session.scalar(select(func.count()).select_from(File)) == 0


async def test_whoever_counts_the_bytes_only_in_the_end_tells_them_then(client: AsyncClient, officer: Person) -> None:
    link = (await announce(client, officer, sha256="")).json()
    await client.put(link["upload_url"], content=JPEG)
    wrong = await finalize(client, officer, link["file_id"], sha256="0" * 64)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "WrongContent")
    right = await finalize(client, officer, link["file_id"], sha256=hashlib.sha256(JPEG).hexdigest())
    assert right.status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"file_size": 0}, 422, "EmptyFile"),
        ({"file_size": 10 * 1024 * 1024 + 1}, 413, "FileTooLarge"),
        ({"content_type": "application/x-msdownload"}, 422, "TypeNotAllowed"),
        ({"application_id": NOBODY}, 404, "Missing"),
        ({"sha256": "abc"}, 422, "InvalidInput"),
    ],
)
async def test_what_would_not_be_taken_gets_no_link(
    client: AsyncClient, officer: Person, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await announce(client, officer, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_what_others_announced_is_not_mine(client: AsyncClient, officer: Person, sign_in: SignIn) -> None:
    link = (await announce(client, officer)).json()
    await client.put(link["upload_url"], content=JPEG)
    other = await sign_in("officer")
    answer = await finalize(client, other, link["file_id"])
    assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
    again = await announce(client, other, file_id=link["file_id"])
    assert (again.status_code, again.json()["code"]) == (422, "FileIdTaken")
    await finalize(client, officer, link["file_id"])
    taken = await finalize(client, other, link["file_id"])
    assert (taken.status_code, taken.json()["code"]) == (422, "FileIdTaken")


async def test_a_link_takes_no_more_than_announced_and_only_when_it_is_ours(
    client: AsyncClient, officer: Person
) -> None:
    link = (await announce(client, officer)).json()
    more = await client.put(link["upload_url"], content=JPEG + b"!")
    assert (more.status_code, more.json()["code"]) == (413, "FileTooLarge")
    forged = await client.put(link["upload_url"] + "x", content=JPEG)
    assert (forged.status_code, forged.json()["code"]) == (403, "LinkBroken")
    await client.put(link["upload_url"], content=JPEG)
    file = (await finalize(client, officer, link["file_id"])).json()
    to_read = await client.put(link["upload_url"].rsplit("/", 1)[0] + "/" + file["url"].rsplit("/", 1)[1], content=JPEG)
    assert (to_read.status_code, to_read.json()["code"]) == (403, "LinkBroken")


async def test_a_link_ends_after_a_quarter_of_an_hour(house_settings: Settings) -> None:
    moments = iter([NOON, NOON + timedelta(minutes=15)])
    clock: Clock = lambda: next(moments)  # noqa: E731
    store = LocalStore(house_settings.upload_folder, secret="s" * 40, clock=clock)
    link = await store.upload_link(
        "incoming/x", most_bytes=1, lifetime=timedelta(minutes=15), base_url="http://api.example"
    )
    with pytest.raises(Exception, match="no longer valid"):
        store.read_upload_link(link.rsplit("/", 1)[1])


async def test_what_nobody_finished_goes_after_a_day(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    house: tuple[Litestar, Sessions],
    house_settings: Settings,
) -> None:
    link = (await announce(client, officer)).json()
    await client.put(link["upload_url"], content=JPEG)
    kept = house_settings.upload_folder / "incoming" / link["file_id"]
    store = LocalStore(house_settings.upload_folder, secret="s" * 40, clock=lambda: NOON)
    assert await clear_up(session, store, at=NOON + KEPT_FOR - timedelta(seconds=1)) == 0
    assert kept.exists()
    assert await clear_up(session, store, at=NOON + KEPT_FOR) == 1
    assert not kept.exists()


async def test_what_is_announced_again_while_it_is_cleared_away_keeps_its_bytes(own_house: OpenOwnHouse) -> None:
    async with own_house() as house, AsyncSession(house.engine) as phone, AsyncSession(house.engine) as clearing:
        link = (await announce(house.client, house.officer)).json()
        await house.client.put(link["upload_url"], content=JPEG)
        late = system_clock() + KEPT_FOR + timedelta(minutes=1)
        delivery = await phone.get_one(Delivery, UUID(link["file_id"]))
        delivery.ends_at = late + KEPT_FOR
        await phone.flush()  # announced again, and not committed yet
        store = LocalStore(house.files, secret="s" * 40, clock=system_clock)
        async with anyio.create_task_group() as meanwhile:
            meanwhile.start_soon(partial(clear_up, clearing, store, at=late))
            await until_somebody_waits(await phone.connection())
            await phone.commit()
        assert (house.files / "incoming" / link["file_id"]).exists()


async def test_of_two_requests_at_once_one_takes_the_file_in_and_the_other_asks_again(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        link = (await announce(house.client, house.officer)).json()
        await house.client.put(link["upload_url"], content=JPEG)
        answers: list[Response] = []

        async def take_in() -> None:
            answers.append(await finalize(house.client, house.officer, link["file_id"]))

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(take_in)
        told = {(answer.status_code, answer.json().get("code")) for answer in answers}
        assert (201, None) in told
        assert told <= {(201, None), (409, "StillArriving")}, told
        again = await finalize(house.client, house.officer, link["file_id"])
        assert (again.status_code, again.json()["id"]) == (201, link["file_id"])
        assert len(house.kept()) == 1


@pytest.mark.parametrize("asked", ["size_of", "get"])
async def test_who_asks_again_just_when_the_file_is_taken_in_is_not_told_to_bring_it_again(
    own_house: OpenOwnHouse, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    async with own_house() as house:
        link = (await announce(house.client, house.officer)).json()
        await house.client.put(link["upload_url"], content=JPEG)
        first: list[Response] = []
        at_the_store = getattr(LocalStore, asked)

        async def after_the_first(store: LocalStore, key: str, **part: Any) -> Any:
            if not first:
                first.append(httpx.Response(0))
                first.append(await finalize(house.client, house.officer, link["file_id"]))
            return await at_the_store(store, key, **part)

        monkeypatch.setattr(LocalStore, asked, after_the_first)
        second = await finalize(house.client, house.officer, link["file_id"])
        assert first[1].status_code == 201, first[1].text
        assert (second.status_code, second.json()["id"]) == (201, link["file_id"]), second.text


async def test_an_s3_store_takes_the_bytes_itself(own_house: OpenOwnHouse, s3: ObjectStoreSettings) -> None:
    async with own_house(object_store=s3) as house, httpx.AsyncClient() as phone:
        link = (
            await announce(
                house.client, house.officer, content=PDF, content_type="application/pdf", filename="title.pdf"
            )
        ).json()
        assert link["upload_url"].startswith(f"http://{s3.endpoint}/")
        refused = await phone.put(link["upload_url"].replace("Signature=", "Signature=0"), content=PDF)
        assert refused.status_code == 403
        assert (await phone.put(link["upload_url"], content=PDF, headers=link["headers"])).status_code == 200
        answer = await finalize(house.client, house.officer, link["file_id"])
        assert answer.status_code == 201, answer.text
        assert (await phone.get(answer.json()["url"])).content == PDF
        assert house.kept() == []
        nowhere = await house.client.put(f"{FILES}/arrivals/anything", content=PDF)
        assert (nowhere.status_code, nowhere.json()["code"]) == (404, "NoSuchPath")
