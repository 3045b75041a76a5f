"""Folders over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.service.folders import DEEPEST
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import FILES, FOLDERS, NOBODY, OpenOwnHouse, OwnHouse, Upload
from tests.lending.factories import an_application

Make = Callable[..., Awaitable[Response]]


@pytest.fixture
def make(client: AsyncClient, officer: Person) -> Make:
    """Let the officer make a folder."""

    async def make(name: str, **wish: object) -> Response:
        body = {"name": name} | {field: str(value) for field, value in wish.items()}
        return await client.post(FOLDERS, json=body, headers=officer.headers)

    return make


async def test_the_wizard_makes_the_folders_that_are_missing(
    client: AsyncClient,
    officer: Person,
    application_id: UUID,
    make: Make,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    names = ("Borrower Documents", "Guarantor Documents", "Collateral Documents")
    made = [await make(name, application_id=application_id, parent_id="") for name in names]
    assert [answer.status_code for answer in made] == [201, 201, 201]
    again = [await make(name, application_id=application_id) for name in names]
    assert [answer.status_code for answer in again] == [200, 200, 200]
    assert [answer.json() for answer in again] == [answer.json() for answer in made]
    assert made[0].json() == {
        "id": made[0].json()["id"],
        "name": "Borrower Documents",
        "parent_id": None,
        "application_id": str(application_id),
        "file_count": 0,
        "created_at": "2026-11-24T05:00:00Z",
        "updated_at": "2026-11-24T05:00:00Z",
    }
    listed = (
        await client.get(f"{FOLDERS}/?application_id={application_id}&parent_id=", headers=officer.headers)
    ).json()
    assert [folder["name"] for folder in listed] == sorted(names)
    assert await announced() == ["FolderMade"] * 3


async def test_folders_lie_in_one_another(
    client: AsyncClient, officer: Person, application_id: UUID, make: Make, upload: Upload
) -> None:
    outer = (await make("ឯកសារ", application_id=application_id)).json()
    inner = (await make("2026", parent_id=outer["id"])).json()
    assert (inner["parent_id"], inner["application_id"]) == (outer["id"], str(application_id))
    await upload(officer, folder_id=inner["id"])
    await upload(officer, application_id=application_id)
    tree = (await client.get(f"{FOLDERS}/application/{application_id}/hierarchy", headers=officer.headers)).json()
    assert (tree["application_id"], tree["total_folders"], tree["total_files"]) == (str(application_id), 2, 2)
    assert [(folder["name"], folder["file_count"]) for folder in tree["folders"]] == [("ឯកសារ", 0)]
    assert tree["folders"][0]["children"] == [inner | {"file_count": 1, "children": []}]
    everything = (await client.get(f"{FOLDERS}?application_id={application_id}", headers=officer.headers)).json()
    assert {folder["id"] for folder in everything} == {outer["id"], inner["id"]}
    inside = await client.get(f"{FOLDERS}?parent_id={outer['id']}", headers=officer.headers)
    assert [folder["id"] for folder in inside.json()] == [inner["id"]]
    assert (await client.get(f"{FOLDERS}/{inner['id']}", headers=officer.headers)).json()["file_count"] == 1


async def test_folders_lie_in_one_another_only_so_deep(application_id: UUID, make: Make) -> None:
    place = {"application_id": str(application_id)}
    for depth in range(10):
        answer = await make(f"Level {depth}", **place)
        assert answer.status_code == 201
        place = {"parent_id": answer.json()["id"]}
    answer = await make("One more", **place)
    assert (answer.status_code, answer.json()["code"]) == (422, "FolderTooDeep")


async def test_a_folder_does_not_lie_in_one_of_another_application(
    session: AsyncSession, branch: Branch, officer: Person, application_id: UUID, make: Make
) -> None:
    session.add(other := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    theirs = (await make("Theirs", application_id=other.id)).json()
    answer = await make("Ours", application_id=application_id, parent_id=theirs["id"])
    assert (answer.status_code, answer.json()["code"]) == (422, "FolderElsewhere")
    for wish in ({"application_id": NOBODY}, {"parent_id": NOBODY}):
        assert (await make("Nowhere", **wish)).status_code == 404


async def test_folders_whose_names_look_alike_are_one(client: AsyncClient, application_id: UUID, make: Make) -> None:
    folder = (await make("រូបថត Café", application_id=application_id)).json()
    for name in (" រូបថត Café ", "រូប\u200bថត  Cafe\u0301", "រូបថត\nCafé\u202e"):
        again = await make(name, application_id=application_id)
        assert (again.status_code, again.json()) == (200, folder)
    unseen = await make("\u200b", application_id=application_id)
    assert (unseen.status_code, [error["field"] for error in unseen.json()["errors"]]) == (422, ["name"])


async def test_a_folder_gets_another_name(
    client: AsyncClient, officer: Person, application_id: UUID, make: Make
) -> None:
    folder = (await make("Visit", application_id=application_id)).json()
    await make("Land Documents", application_id=application_id)
    address = f"{FOLDERS}/{folder['id']}"
    renamed = await client.patch(address, json={"name": "Site visit"}, headers=officer.headers)
    assert renamed.json() == folder | {"name": "Site visit"}
    taken = await client.patch(address, json={"name": "Land Documents"}, headers=officer.headers)
    assert (taken.status_code, taken.json()["code"]) == (422, "FolderNameTaken")
    for name in ("  ", "\u200b", "x" * 201, None):
        assert (await client.patch(address, json={"name": name}, headers=officer.headers)).status_code == 422
    unchanged = await client.patch(address, json={"name": ""}, headers=officer.headers)
    assert (unchanged.status_code, unchanged.json()) == (200, renamed.json())


async def test_a_folder_is_put_into_another_one_of_its_application(
    client: AsyncClient, session: AsyncSession, officer: Person, branch: Branch, application_id: UUID, make: Make
) -> None:
    session.add(another := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()

    async def put(folder: dict[str, Any], parent: dict[str, Any] | None, **more: str) -> tuple[int, str | None]:
        wish = {"parent_id": parent and parent["id"], **more}
        answer = await client.patch(f"{FOLDERS}/{folder['id']}", json=wish, headers=officer.headers)
        return answer.status_code, answer.json()["parent_id" if answer.is_success else "code"]

    visit, photos, stall = [
        (await make(name, application_id=application_id)).json() for name in ("Visit", "Photos", "Stall")
    ]
    assert await put(photos, visit, name="Photos of the visit") == (200, visit["id"])
    assert await put(stall, photos) == (200, photos["id"])
    for inner in (visit, photos, stall):
        assert await put(visit, inner) == (422, "FolderInItself")
    assert await put(stall, None) == (200, None)
    other = (await make("Visit", application_id=another.id)).json()
    assert await put(stall, other) == (422, "FolderElsewhere")
    assert await put(stall, {"id": str(uuid4())}) == (404, "Missing")
    assert (await make("Stall", parent_id=visit["id"])).status_code == 201
    assert await put(stall, visit) == (422, "FolderNameTaken")
    deepest = visit
    for _ in range(DEEPEST - 2):
        deepest = (await make("Deeper", parent_id=deepest["id"])).json()
    assert await put(photos, None) == (200, None)
    assert await put(stall, photos) == (200, photos["id"])
    assert await put(photos, deepest) == (422, "FolderTooDeep")
    assert await put(stall, deepest) == (200, deepest["id"])


async def test_each_application_has_its_own_folders_and_papers(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    branch: Branch,
    application_id: UUID,
    make: Make,
    upload: Upload,
) -> None:
    session.add(another := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    for loan, name in ((application_id, "Visit"), (another.id, "Stall")):
        folder = (await make(name, application_id=loan)).json()
        assert (await upload(officer, folder_id=folder["id"])).status_code == 201
        listed = (await client.get(f"{FOLDERS}?application_id={loan}", headers=officer.headers)).json()
        assert [(one["name"], one["file_count"]) for one in listed] == [(name, 1)]
        tree = (await client.get(f"{FOLDERS}/application/{loan}/hierarchy", headers=officer.headers)).json()
        assert (tree["total_folders"], tree["total_files"]) == (1, 1)


async def test_a_folder_that_is_removed_leaves_the_papers_of_others_where_they_are(
    client: AsyncClient, officer: Person, application_id: UUID, make: Make, upload: Upload
) -> None:
    gone, other = [(await make(name, application_id=application_id)).json() for name in ("Visit", "Stall")]
    file = (await upload(officer, folder_id=other["id"])).json()
    assert (await client.delete(f"{FOLDERS}/{gone['id']}", headers=officer.headers)).status_code == 204
    assert (await client.get(f"{FILES}/{file['id']}", headers=officer.headers)).json()["folder_id"] == other["id"]


async def test_only_an_empty_folder_is_removed(
    client: AsyncClient, officer: Person, application_id: UUID, make: Make, upload: Upload
) -> None:
    outer = (await make("Outer", application_id=application_id)).json()
    inner = (await make("Inner", parent_id=outer["id"])).json()
    file = (await upload(officer, folder_id=inner["id"])).json()
    for folder in (inner, outer):
        refused = await client.delete(f"{FOLDERS}/{folder['id']}", headers=officer.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "FolderNotEmpty")
    for address in (f"{FILES}/{file['id']}", f"{FOLDERS}/{inner['id']}", f"{FOLDERS}/{outer['id']}"):
        assert (await client.delete(address, headers=officer.headers)).status_code == 204
    assert (await client.get(f"{FOLDERS}/{outer['id']}", headers=officer.headers)).status_code == 404


async def test_an_officer_removes_only_folders_they_made(
    client: AsyncClient, branch: Branch, sign_in: SignIn, application_id: UUID, make: Make
) -> None:
    folder = (await make("Mine", application_id=application_id)).json()
    colleague = await sign_in("officer", branch_id=branch.id)
    refused = await client.delete(f"{FOLDERS}/{folder['id']}", headers=colleague.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourFolder")
    manager = await sign_in("manager", branch_id=branch.id)
    assert (await client.delete(f"{FOLDERS}/{folder['id']}", headers=manager.headers)).status_code == 204


async def test_the_folders_of_the_house_are_seen_by_all_and_changed_by_who_made_them(
    client: AsyncClient, sign_in: SignIn, officer: Person, make: Make, upload: Upload
) -> None:
    folder = (await make("Forms")).json()
    address = f"{FOLDERS}/{folder['id']}"
    await upload(officer, folder_id=folder["id"])
    manager = await sign_in("manager")
    seen = (await client.get(address, headers=manager.headers)).json()
    assert seen["file_count"] == 0, "the file in it is the officer's alone"
    assert (await client.get(address, headers=officer.headers)).json()["file_count"] == 1
    same = await client.post(FOLDERS, json={"name": "Forms"}, headers=manager.headers)
    assert (same.status_code, same.json()["id"]) == (200, folder["id"])
    for answer in (
        await client.patch(address, json={"name": "Papers"}, headers=manager.headers),
        await client.delete(address, headers=manager.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "NotYourFolder")


async def test_who_only_looks_changes_no_folder(
    client: AsyncClient, branch: Branch, sign_in: SignIn, application_id: UUID, make: Make
) -> None:
    folder = (await make("Visit", application_id=application_id)).json()
    viewer = await sign_in("viewer", branch_id=branch.id)
    assert (await client.get(f"{FOLDERS}/{folder['id']}", headers=viewer.headers)).status_code == 200
    for method, address in (
        ("POST", FOLDERS),
        ("PATCH", f"{FOLDERS}/{folder['id']}"),
        ("DELETE", f"{FOLDERS}/{folder['id']}"),
    ):
        answer = await client.request(method, address, headers=viewer.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "NotPermitted")


async def test_of_many_who_make_a_folder_at_once_one_makes_it(own_house: OpenOwnHouse) -> None:
    answers: list[Response] = []

    async def make_one(house: OwnHouse) -> None:
        wish = {"name": "Borrower Documents", "application_id": str(house.application_id)}
        answers.append(await house.client.post(FOLDERS, json=wish, headers=house.officer.headers))

    async with own_house() as house, anyio.create_task_group() as together:
        for _ in range(10):
            together.start_soon(make_one, house)
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_of_two_folders_that_are_put_into_each_other_at_once_one_is(own_house: OpenOwnHouse) -> None:
    refused: list[str | None] = []

    async def put(house: OwnHouse, folder: dict[str, Any], into: dict[str, Any]) -> None:
        wish = {"parent_id": into["id"]}
        answer = await house.client.patch(f"{FOLDERS}/{folder['id']}", json=wish, headers=house.officer.headers)
        refused.append(answer.json().get("code"))

    async with own_house() as house:
        wishes = [{"name": name, "application_id": str(house.application_id)} for name in ("Visit", "Photos")]
        made = [await house.client.post(FOLDERS, json=wish, headers=house.officer.headers) for wish in wishes]
        one, other = (answer.json() for answer in made)
        async with anyio.create_task_group() as together:
            together.start_soon(put, house, one, other)
            together.start_soon(put, house, other, one)
    assert sorted(refused, key=str) == ["FolderInItself", None]
