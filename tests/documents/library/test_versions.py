"""Papers that replace others, that somebody else handed in too, that must still be what they were, and that fit."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import anyio
import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.lending.customers.models import Customer
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.config import Settings
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import FILES, JPEG, NOBODY, PDF, OpenOwnHouse, OwnHouse, Upload, send
from tests.lending.factories import an_application
from tests.moments import NOON
from tests.organization.factories import a_branch
from tests.servers.databases import until_somebody_waits

Announced = Callable[[], Awaitable[list[str]]]
PAPERS = [b"%PDF-1.7\n% version " + bytes([48 + number]) for number in range(4)]


async def replace(client: AsyncClient, person: Person, file: dict[str, Any], content: bytes, **data: str) -> Response:
    return await client.post(
        f"{FILES}/{file['id']}/versions", files={"file": ("title.pdf", content)}, data=data, headers=person.headers
    )


async def look(client: AsyncClient, person: Person, path: str) -> Any:
    answer = await client.get(f"{FILES}{path}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_newer_version_stands_and_the_ones_before_stay_readable(
    client: AsyncClient,
    officer: Person,
    sign_in: SignIn,
    branch: Branch,
    application_id: UUID,
    upload: Upload,
    announced: Announced,
) -> None:
    first = (
        await upload(officer, PAPERS[0], "t.pdf", application_id=application_id, document_type="land_title")
    ).json()
    second = (await replace(client, officer, first, PAPERS[1])).json()
    third = (await replace(client, await sign_in("officer", branch_id=branch.id), second, PAPERS[2])).json()
    assert [file["version"] for file in (first, second, third)] == [1, 2, 3]
    assert {third[name] for name in ("application_id", "document_type", "folder_id")} == {
        second[name] for name in ("application_id", "document_type", "folder_id")
    }
    assert [file["id"] for file in (await look(client, officer, f"?application_id={application_id}"))["items"]] == [
        third["id"]
    ]
    assert (await upload(officer, PDF, "other.pdf", application_id=application_id)).status_code == 201
    for file in (first, third):
        versions = await look(client, officer, f"/{file['id']}/versions")
        assert [each["id"] for each in versions] == [third["id"], second["id"], first["id"]]
    old = await look(client, officer, f"/{first['id']}/download")
    assert (await client.get(old["url"])).content == PAPERS[0]
    late = await replace(client, officer, first, PAPERS[3])
    assert (late.status_code, late.json()["code"]) == (422, "ReplacedMeanwhile")
    stays = await client.delete(f"{FILES}/{first['id']}", headers=officer.headers)
    assert (stays.status_code, stays.json()["code"]) == (422, "ReplacedMeanwhile")
    assert (await announced()).count("FileReplaced") == 2


async def test_when_the_newest_goes_the_one_before_stands_again(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload
) -> None:
    async def standing() -> list[str]:
        files = await look(client, officer, f"?application_id={application_id}")
        return [file["id"] for file in files["items"]]

    first = (await upload(officer, PAPERS[0], "t.pdf", application_id=application_id)).json()
    second = (await replace(client, officer, first, PAPERS[1])).json()
    await client.delete(f"{FILES}/{second['id']}", headers=officer.headers)
    assert await standing() == [first["id"]]
    assert [each["id"] for each in await look(client, officer, f"/{first['id']}/versions")] == [first["id"]]
    back = await client.post(f"{FILES}/{second['id']}/restore", headers=officer.headers)
    assert back.status_code == 200, back.text
    assert await standing() == [second["id"]]
    await client.delete(f"{FILES}/{second['id']}", headers=officer.headers)
    other = (await replace(client, officer, first, PAPERS[2])).json()
    rival = await client.post(f"{FILES}/{second['id']}/restore", headers=officer.headers)
    assert (rival.status_code, rival.json()["code"]) == (422, "ReplacedMeanwhile")
    assert await standing() == [other["id"]]


async def test_only_the_newest_version_that_is_left_stands_in_whatever_order_others_come_back(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload
) -> None:
    async def standing() -> list[str]:
        files = await look(client, officer, f"?application_id={application_id}")
        return [file["id"] for file in files["items"]]

    async def ask(method: str, file: dict[str, Any], verb: str = "") -> Response:
        return await client.request(method, f"{FILES}/{file['id']}{verb}", headers=officer.headers)

    first = (await upload(officer, PAPERS[0], "t.pdf", application_id=application_id)).json()
    second = (await replace(client, officer, first, PAPERS[1])).json()
    third = (await replace(client, officer, second, PAPERS[2])).json()
    for file in (third, second):
        await ask("DELETE", file)
    assert (await ask("POST", third, "/restore")).status_code == 200
    assert await standing() == [third["id"]], "the one between is still removed"
    assert (await replace(client, officer, first, PAPERS[3])).json()["code"] == "ReplacedMeanwhile"
    assert (await ask("POST", second, "/restore")).status_code == 200
    assert await standing() == [third["id"]]
    for file in (third, second):
        await ask("DELETE", file)
    assert (await ask("POST", third, "/restore")).status_code == 200
    assert (await ask("DELETE", third)).status_code == 204
    assert await standing() == [first["id"]], "the newest of those that are left"
    other = (await replace(client, officer, first, PAPERS[3])).json()
    assert (await ask("POST", third, "/restore")).json()["code"] == "ReplacedMeanwhile"
    assert await standing() == [other["id"]]


async def test_a_repeated_replacement_is_one_and_of_two_at_once_one_is_taken(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        wish = {"application_id": house.application_id}
        first = (await send(house.client, house.officer, PAPERS[0], "t.pdf", **wish)).json()
        answers: list[Response] = []

        async def send_one(content: bytes) -> None:
            answers.append(await replace(house.client, house.officer, first, content))

        async with anyio.create_task_group() as together:
            for content in PAPERS[1:3]:
                together.start_soon(send_one, content)
        told = sorted((answer.status_code, answer.json().get("code")) for answer in answers)
        assert told == [(201, None), (422, "ReplacedMeanwhile")]
        newest = next(answer.json() for answer in answers if answer.status_code == 201)
        again = [(await replace(house.client, house.officer, newest, PAPERS[3], id=NOBODY)).json() for _ in "ab"]
        assert again[0]["id"] == again[1]["id"] == NOBODY
        assert len(house.kept()) == 3


async def test_the_same_paper_on_another_persons_application_is_flagged(
    client: AsyncClient,
    session: AsyncSession,
    branch: Branch,
    sign_in: SignIn,
    officer: Person,
    upload: Upload,
    announced: Announced,
) -> None:
    sok, dara = (Customer(version=1, created_at=NOON, updated_at=NOON) for _ in range(2))
    session.add_all([sok, dara, elsewhere := a_branch()])
    await session.flush()
    mine = [an_application(officer.user.id, branch_id=branch.id, customer_id=each.id) for each in (sok, sok, dara)]
    session.add_all([*mine, far := an_application(officer.user.id, branch_id=elsewhere.id)])
    await session.commit()
    first = (await upload(officer, JPEG, application_id=mine[0].id)).json()
    second_loan = (await upload(officer, JPEG, application_id=mine[1].id)).json()
    assert (first["seen_elsewhere"], second_loan["seen_elsewhere"]) == (False, False), "people bring their own again"
    copied = (await upload(officer, JPEG, application_id=mine[2].id)).json()
    assert copied["seen_elsewhere"]
    assert (await announced()).count("FileSeenElsewhere") == 1
    assert {file["seen_elsewhere"] for file in (await look(client, officer, ""))["items"]} == {True}
    same = await look(client, officer, f"/{copied['id']}/duplicates")
    assert {file["id"] for file in same["items"]} == {first["id"], second_loan["id"]}
    assert (same["total"], same["hidden"]) == (2, 0)

    scan = await session.get_one(File, UUID(first["id"]))
    session.add_all(
        File(
            key=f"2026/11/{number}", original_filename="form.jpg", display_name="Form", file_size=1, sha256=scan.sha256,
            mime_type="image/jpeg", uploaded_by=officer.user.id, application_id=mine[0].id, created_at=NOON,
        )
        for number in range(100)
    )  # fmt: skip
    await session.commit()
    same = await look(client, officer, f"/{copied['id']}/duplicates")
    assert (len(same["items"]), same["total"], same["hidden"]) == (100, 102, 0)

    far.user_id = (await sign_in("officer", branch_id=elsewhere.id)).user.id
    await session.commit()
    stranger = await sign_in("officer", branch_id=elsewhere.id)
    theirs = (await upload(stranger, JPEG, application_id=far.id)).json()
    same = await look(client, stranger, f"/{theirs['id']}/duplicates")
    assert (same["items"], same["total"], same["hidden"]) == ([], 0, 103), "that there are some is told, not whose"


async def test_whether_the_store_still_holds_what_was_brought_can_be_asked(
    client: AsyncClient, officer: Person, upload: Upload, house_settings: Settings, announced: Announced
) -> None:
    file = (await upload(officer, PDF, "title.pdf")).json()
    kept = house_settings.upload_folder / file["file_path"]

    async def verify() -> Any:
        return (await client.post(f"{FILES}/{file['id']}/verify", headers=officer.headers)).json()

    sound = await verify()
    assert (sound["intact"], sound["found_sha256"], sound["found_size"]) == (True, file["content_sha256"], len(PDF))
    kept.write_bytes(PDF[:-1] + b"!")
    changed = await verify()
    assert (changed["intact"], changed["found_size"]) == (False, len(PDF))
    assert changed["found_sha256"] != changed["content_sha256"] == file["content_sha256"]
    kept.unlink()
    assert (await verify())["found_sha256"] is None
    assert (await announced()).count("FileChecked") == 3


async def test_a_version_that_comes_back_behind_a_removed_one_does_not_stand_beside_the_newest(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload
) -> None:
    versions = [(await upload(officer, PAPERS[0], "t.pdf", application_id=application_id)).json()]
    for content in PAPERS[1:]:
        versions.append((await replace(client, officer, versions[-1], content)).json())
    for file in reversed(versions[1:]):
        assert (await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)).status_code == 204
    for file in (versions[3], versions[1]):
        back = await client.post(f"{FILES}/{file['id']}/restore", headers=officer.headers)
        assert back.status_code == 200, back.text
    standing = await look(client, officer, f"?application_id={application_id}")
    assert [file["id"] for file in standing["items"]] == [versions[3]["id"]]
    assert (await client.delete(f"{FILES}/{versions[3]['id']}", headers=officer.headers)).status_code == 204
    standing = await look(client, officer, f"?application_id={application_id}")
    assert [file["id"] for file in standing["items"]] == [versions[1]["id"]]


async def test_a_version_does_not_come_back_beside_one_that_stands_behind_a_removed_one(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload
) -> None:
    first = (await upload(officer, PAPERS[0], "t.pdf", application_id=application_id)).json()
    second = (await replace(client, officer, first, PAPERS[1])).json()
    third = (await replace(client, officer, second, PAPERS[2])).json()

    async def take_away(*files: dict[str, Any]) -> None:
        for file in files:
            assert (await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)).status_code == 204

    await take_away(third, second)
    rival = (await replace(client, officer, first, PAPERS[3])).json()
    await take_away(rival)
    assert (await client.post(f"{FILES}/{third['id']}/restore", headers=officer.headers)).status_code == 200
    refused = await client.post(f"{FILES}/{rival['id']}/restore", headers=officer.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "ReplacedMeanwhile")


async def test_one_version_stands_when_the_newest_goes_while_the_one_before_comes_back(own_house: OpenOwnHouse) -> None:
    async with own_house() as house, AsyncSession(house.engine) as elsewhere:
        client, officer = house.client, house.officer
        versions = [(await send(client, officer, PAPERS[0], "t.pdf", application_id=house.application_id)).json()]
        for content in PAPERS[1:3]:
            versions.append((await replace(client, officer, versions[-1], content)).json())
        first, second, third = (file["id"] for file in versions)

        async def take_away(file_id: str) -> None:
            assert (await client.delete(f"{FILES}/{file_id}", headers=officer.headers)).status_code == 204

        async def bring_back(file_id: str) -> None:
            answer = await client.post(f"{FILES}/{file_id}/restore", headers=officer.headers)
            assert answer.status_code == 200, answer.text

        await take_away(third)
        await take_away(second)
        await bring_back(third)
        await elsewhere.get_one(File, UUID(first), with_for_update=True)
        async with anyio.create_task_group() as together:
            together.start_soon(bring_back, second)
            await until_somebody_waits(await elsewhere.connection())
            together.start_soon(take_away, third)
            await anyio.sleep(0.3)
            await elsewhere.rollback()
        standing = await look(client, officer, f"?application_id={house.application_id}")
        assert [file["id"] for file in standing["items"]] == [second]


async def test_the_papers_of_an_application_fill_their_room_and_no_more_also_when_many_come_at_once(
    own_house: OpenOwnHouse,
) -> None:
    paper = b"%PDF-1.7\n" + b"x" * 991
    answers: list[Response] = []

    async def send_one(house: OwnHouse) -> None:
        answers.append(await send(house.client, house.officer, paper, "t.pdf", application_id=house.application_id))

    async with own_house(max_application_size=3_500) as house:
        async with anyio.create_task_group() as together:
            for _ in range(6):
                together.start_soon(send_one, house)
        told = sorted((answer.status_code, answer.json().get("code")) for answer in answers)
        assert told == [(201, None)] * 3 + [(422, "ApplicationFull")] * 3
        assert len(house.kept()) == 3
        headers = house.officer.headers
        wish = {"filename": "t.pdf", "content_type": "application/pdf", "file_size": 1_000}
        wish["application_id"] = str(house.application_id)
        early = await house.client.post(f"{FILES}/upload-url", json=wish, headers=headers)
        assert (early.status_code, early.json()["code"]) == (422, "ApplicationFull")
        stored = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
        await house.client.delete(f"{FILES}/{stored}", headers=headers)
        await send_one(house)
        assert answers[-1].status_code == 201, "a removed paper makes room"


@pytest.mark.parametrize(
    ("asked", "status", "part", "says"),
    [
        ("bytes=0-4", 206, slice(0, 5), "bytes 0-4/{0}"),
        ("bytes=5-", 206, slice(5, None), "bytes 5-{1}/{0}"),
        ("bytes=-7", 206, slice(-7, None), "bytes {2}-{1}/{0}"),
        ("bytes=3-999999999", 206, slice(3, None), "bytes 3-{1}/{0}"),
        ("bytes=999999-", 416, None, "bytes */{0}"),
        ("bytes=-0", 416, None, "bytes */{0}"),
        ("bytes=0-1,4-5", 200, slice(None), None),
        ("bytes=5-2", 200, slice(None), None),
        ("pages=1-2", 200, slice(None), None),
    ],
)
async def test_a_download_that_broke_off_goes_on_where_it_was(
    client: AsyncClient, officer: Person, upload: Upload, asked: str, status: int, part: slice | None, says: str | None
) -> None:
    url = (await upload(officer)).json()["url"]
    size = len(JPEG)
    answer = await client.get(url, headers={"Range": asked})
    assert answer.status_code == status
    said = says and says.format(size, size - 1, size - 7)
    assert answer.headers.get("content-range") == said
    assert answer.headers["accept-ranges"] == "bytes"
    if part is not None:
        assert answer.content == JPEG[part]
        assert answer.headers["content-length"] == str(len(JPEG[part]))
        tag = answer.headers["etag"]
        for other, expected in ((tag, status), ('"another"', 200)):
            again = await client.get(url, headers={"Range": asked, "If-Range": other})
            assert again.status_code == expected
    else:
        assert answer.json()["code"] == "NoSuchPart"
