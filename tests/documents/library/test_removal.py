"""A paper that was taken away: out of sight, brought back while there is time, and gone in the end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.jobs import PURGE_FILES
from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service import previews
from lc_workflow.documents.library.service.previews import MAKE_PREVIEWS
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.config import Settings
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.pictures.decoding import small_jpegs
from lc_workflow.platform.storage.base import out_of_reach
from lc_workflow.platform.storage.local import LocalStore
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import FILES, FOLDERS, JPEG, OpenOwnHouse, Upload, send
from tests.lending.factories import an_application
from tests.moments import NOON

Announced = Callable[[], Awaitable[list[str]]]


async def listed(client: AsyncClient, person: Person, query: str = "") -> list[str]:
    answer = await client.get(f"{FILES}?{query}", headers=person.headers)
    return [file["id"] for file in answer.json()["items"]]


async def test_a_removed_paper_is_seen_nowhere_and_comes_back_whole(
    client: AsyncClient,
    officer: Person,
    application_id: UUID,
    upload: Upload,
    house_settings: Settings,
    announced: Announced,
) -> None:
    file = (await upload(officer, application_id=application_id, document_type="contract")).json()
    address = f"{FILES}/{file['id']}"
    assert (await client.delete(address, headers=officer.headers)).status_code == 204
    assert not (house_settings.upload_folder / file["file_path"]).exists()
    for answer in (
        await client.get(address, headers=officer.headers),
        await client.get(f"{address}/download", headers=officer.headers),
        await client.delete(address, headers=officer.headers),
        await client.get(file["url"]),
    ):
        assert answer.status_code == 404
    assert await listed(client, officer) == []
    assert await listed(client, officer, "removed=true") == [file["id"]]
    tree = await client.get(f"{FOLDERS}/application/{application_id}/hierarchy", headers=officer.headers)
    assert (tree.json()["total_files"], tree.json()["folders"][0]["file_count"]) == (0, 0)
    shown = await client.get(f"/api/v1/applications/{application_id}", headers=officer.headers)
    assert file["id"] not in shown.text
    again = await upload(officer, id=file["id"])
    assert (again.status_code, again.json()["code"]) == (422, "FileIdTaken")

    back = await client.post(f"{address}/restore", headers=officer.headers)
    assert back.status_code == 200, back.text
    assert (back.json()["folder_id"], back.json()["deleted_at"]) == (file["folder_id"], None)
    assert (await client.get(file["url"])).content == JPEG
    assert await listed(client, officer) == [file["id"]]
    twice = await client.post(f"{address}/restore", headers=officer.headers)
    assert (twice.status_code, twice.json()["code"]) == (404, "Missing")
    assert await announced() == ["FolderMade", "FileStored", "FileRemoved", "FileRestored"]


async def test_a_paper_comes_back_though_its_folder_went(
    client: AsyncClient, officer: Person, sign_in: SignIn, branch: Branch, application_id: UUID, upload: Upload
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    file = (await upload(officer, application_id=application_id, document_type="contract")).json()
    await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)
    assert (await client.delete(f"{FOLDERS}/{file['folder_id']}", headers=manager.headers)).status_code == 204
    back = (await client.post(f"{FILES}/{file['id']}/restore", headers=officer.headers)).json()
    folder = await client.get(f"{FOLDERS}/{back['folder_id']}", headers=officer.headers)
    assert folder.json()["name"] == "Supporting Documents"


async def test_only_who_could_remove_it_brings_it_back_and_only_while_papers_come_and_go(
    client: AsyncClient,
    session: AsyncSession,
    branch: Branch,
    sign_in: SignIn,
    officer: Person,
    upload: Upload,
) -> None:
    session.add(application := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    file = (await upload(officer, application_id=application.id)).json()
    await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)
    address = f"{FILES}/{file['id']}/restore"
    colleague, stranger = await sign_in("officer", branch_id=branch.id), await sign_in("officer")
    assert (await client.post(address, headers=colleague.headers)).json()["code"] == "NotYourFile"
    assert (await client.post(address, headers=stranger.headers)).json()["code"] == "Missing"
    application.workflow_status = Stage.APPROVED
    await session.commit()
    assert (await client.post(address, headers=officer.headers)).json()["code"] == "PapersClosed"


async def test_when_a_version_between_others_is_gone_for_good_the_one_before_still_stands_after_the_newest(
    client: AsyncClient, session: AsyncSession, officer: Person, upload: Upload, workplace: Workplace
) -> None:
    chain = [(await upload(officer)).json()]
    for _ in range(3):
        address = f"{FILES}/{chain[-1]['id']}/versions"
        answer = await client.post(address, files={"file": ("id.jpg", JPEG)}, headers=officer.headers)
        chain.append(answer.json())
    for file in reversed(chain[1:]):
        await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)
    newest = f"{FILES}/{chain[3]['id']}"
    assert (await client.post(f"{newest}/restore", headers=officer.headers)).status_code == 200
    for file in chain[1:3]:
        (await session.get_one(File, UUID(file["id"]))).deleted_at = NOON - timedelta(days=1_000)
    await session.commit()
    await PURGE_FILES.do(workplace, {})
    assert await listed(client, officer) == [chain[3]["id"]]
    assert (await client.delete(newest, headers=officer.headers)).status_code == 204
    assert await listed(client, officer) == [chain[0]["id"]]


async def test_when_its_retention_ends_a_removed_paper_is_gone_for_good(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    upload: Upload,
    workplace: Workplace,
    house_settings: Settings,
    announced: Announced,
) -> None:
    old, young, standing = [(await upload(officer)).json() for _ in range(3)]
    for file in (old, young):
        await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)
    row = await session.get_one(File, UUID(old["id"]))
    row.deleted_at = NOON - timedelta(days=house_settings.removed_files_days)
    await session.commit()
    late = await client.post(f"{FILES}/{old['id']}/restore", headers=officer.headers)
    assert (late.status_code, late.json()["code"]) == (404, "Missing")

    def kept(file: dict[str, Any]) -> list[bool]:
        return [(house_settings.upload_folder / place / file["file_path"]).exists() for place in ("", "removed")]

    assert [kept(file) for file in (old, young, standing)] == [[False, True], [False, True], [True, False]]
    await PURGE_FILES.do(workplace, {})
    assert [kept(file) for file in (old, young, standing)] == [[False, False], [False, True], [True, False]]
    assert await listed(client, officer, "removed=true") == [young["id"]]
    assert (await announced())[-1] == "FilePurged"


async def test_a_paper_that_is_brought_back_while_it_is_put_aside_can_be_read(
    own_house: OpenOwnHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_its_way, go_on, moved = asyncio.Event(), asyncio.Event(), LocalStore.move

    async def slowly(store: LocalStore, key: str, target: str) -> None:
        if target.startswith("removed/"):
            on_its_way.set()
            await go_on.wait()
        await moved(store, key, target)

    monkeypatch.setattr(LocalStore, "move", slowly)
    async with own_house() as house:
        file = (await send(house.client, house.officer, application_id=house.application_id)).json()
        address = f"{FILES}/{file['id']}"
        removal = asyncio.create_task(house.client.delete(address, headers=house.officer.headers))
        await on_its_way.wait()
        return_ = asyncio.create_task(house.client.post(f"{address}/restore", headers=house.officer.headers))
        await asyncio.wait({return_}, timeout=0.5)
        go_on.set()
        assert ((await removal).status_code, (await return_).status_code) == (204, 200)
        assert await listed(house.client, house.officer) == [file["id"]]
        link = (await house.client.get(f"{address}/download", headers=house.officer.headers)).json()["url"]
        assert (await house.client.get(link)).content == JPEG


async def test_a_paper_whose_bytes_are_lost_is_not_said_to_be_back(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload, house_settings: Settings
) -> None:
    file = (await upload(officer, application_id=application_id)).json()
    address = f"{FILES}/{file['id']}"
    assert (await client.delete(address, headers=officer.headers)).status_code == 204
    (house_settings.upload_folder / "removed" / file["file_path"]).unlink()
    back = await client.post(f"{address}/restore", headers=officer.headers)
    assert (back.status_code, back.json()["code"]) == (404, "Missing")
    assert (await listed(client, officer), await listed(client, officer, "removed=true")) == ([], [file["id"]])


async def test_a_paper_that_was_removed_while_the_store_was_down_can_be_brought_back(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise out_of_reach()

    file = (await upload(officer, application_id=application_id)).json()
    address = f"{FILES}/{file['id']}"
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(LocalStore, "move", down)
        assert (await client.delete(address, headers=officer.headers)).status_code == 204
        early = await client.post(f"{address}/restore", headers=officer.headers)
        assert (early.status_code, early.json()["code"]) == (503, "Unavailable")
        assert await listed(client, officer, "removed=true") == [file["id"]]
    back = await client.post(f"{address}/restore", headers=officer.headers)
    assert back.status_code == 200, back.text
    assert (await client.get(file["url"])).content == JPEG


async def test_a_paper_that_is_removed_while_it_is_checked_is_not_put_on_record_as_changed(
    own_house: OpenOwnHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with own_house() as house:
        address = f"{FILES}/{(await send(house.client, house.officer)).json()['id']}"
        reading = LocalStore.get

        async def after_it_went(store: LocalStore, key: str, **part: Any) -> Any:
            assert (await house.client.delete(address, headers=house.officer.headers)).status_code == 204
            return await reading(store, key, **part)

        monkeypatch.setattr(LocalStore, "get", after_it_went)
        checked = await house.client.post(f"{address}/verify", headers=house.officer.headers)
        assert (checked.status_code, checked.json()["code"]) == (404, "Missing"), checked.text
        async with AsyncSession(house.engine) as session:
            kinds = (await session.scalars(select(JournalEntry.kind))).all()
        assert sorted(kinds) == ["FileRemoved", "FileStored"]


async def test_small_pictures_that_come_too_late_for_a_paper_are_not_kept(
    client: AsyncClient,
    officer: Person,
    upload: Upload,
    workplace: Workplace,
    house_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = (await upload(officer)).json()

    async def after_it_went(*args: Any, **more: Any) -> list[bytes]:
        made = await small_jpegs(*args, **more)
        assert (await client.delete(f"{FILES}/{file['id']}", headers=officer.headers)).status_code == 204
        return made

    monkeypatch.setattr(previews, "small_jpegs", after_it_went)
    await MAKE_PREVIEWS.do(workplace, {"file_id": file["id"]})
    assert [*(house_settings.upload_folder / "previews" / file["id"]).glob("*")] == []
