"""Files over HTTP: who sees, opens and removes them."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.config import Settings
from lc_workflow.platform.storage.local import LocalStore
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import FILES, FOLDERS, JPEG, NOBODY, PDF, Upload
from tests.lending.factories import an_application
from tests.moments import NOON
from tests.statements import sent

Announced = Callable[[], Awaitable[list[str]]]


async def test_an_officer_uploads_a_photo_and_opens_it_without_a_header(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    application_id: UUID,
    upload: Upload,
    announced: Announced,
) -> None:
    name = "អត្តសញ្ញាណប័ណ្ណ.jpg"
    answer = await upload(
        officer, name=name, application_id=application_id, document_type="borrower_id_card", field_name="", folder_id=""
    )
    assert answer.status_code == 201, answer.text
    file = answer.json()
    assert file["original_filename"] == file["display_name"] == file["filename"] == name
    assert (file["file_size"], file["mime_type"]) == (len(JPEG), "image/jpeg")
    assert (file["uploaded_by"], file["application_id"]) == (str(officer.user.id), str(application_id))
    assert file["expires_at"] == "2026-11-24T05:15:00Z"
    assert (await client.get(file["url"])).content == JPEG
    stored = await session.get_one(File, UUID(file["id"]))
    assert stored.sha256 == hashlib.sha256(JPEG).digest()

    opened = (await client.get(f"{FILES}/{file['id']}/download", headers=officer.headers)).json()
    assert opened["download_url"] == opened["url"]
    assert opened["url"].startswith("http://test/api/v1/files/content/")
    assert opened["expires_in"] == 900
    content = await client.get(opened["url"])
    assert (content.status_code, content.content) == (200, JPEG)
    assert content.headers["content-disposition"].startswith("attachment; ")
    assert await announced() == ["FolderMade", "FileStored", "FileOpened"]


async def test_what_a_link_leads_to_runs_nowhere(client: AsyncClient, officer: Person, upload: Upload) -> None:
    text = (await upload(officer, b"just words, 5 < 6", "notes.txt")).json()
    content = await client.get(
        text["url"], headers={"Accept-Encoding": "gzip, br", "Origin": "https://app.branch.example"}
    )
    assert content.headers["content-type"].startswith("text/plain")
    assert content.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in content.headers["content-security-policy"]
    assert content.headers["content-disposition"].startswith("attachment; ")
    assert content.headers["content-length"] == "17"
    assert content.headers["access-control-allow-origin"] == "https://app.branch.example"


async def test_only_images_are_shown_in_place(client: AsyncClient, officer: Person, upload: Upload) -> None:
    photo, paper = (await upload(officer)).json(), (await upload(officer, PDF, "title.pdf")).json()
    assert paper["preview_url"] is None
    assert (await client.get(photo["preview_url"])).headers["content-disposition"].startswith("inline; ")
    assert (await client.get(photo["preview_url"])).headers["cross-origin-resource-policy"] == "cross-origin"
    for file, kind in ((photo, "inline; "), (paper, "attachment; ")):
        opened = await client.get(f"{FILES}/{file['id']}/download?inline=true", headers=officer.headers)
        shown = await client.get(opened.json()["url"])
        assert shown.headers["content-disposition"].startswith(kind)


async def test_a_link_that_is_over_or_was_changed_opens_nothing(
    client: AsyncClient, officer: Person, upload: Upload, house_settings: Settings
) -> None:
    file = (await upload(officer)).json()
    an_hour_ago = LocalStore(
        house_settings.upload_folder, secret=house_settings.secret_key, clock=lambda: NOON - timedelta(hours=1)
    )
    old = await an_hour_ago.link(
        file["file_path"],
        filename="id.jpg",
        content_type="image/jpeg",
        lifetime=timedelta(minutes=15),
        base_url="http://test",
    )
    answer = await client.get(old)
    assert (answer.status_code, answer.json()["code"]) == (403, "LinkExpired")
    for changed in (file["url"][:-2], f"{FILES}/content/x.y", f"{FILES}/content/..%2f..%2fetc"):
        assert (await client.get(changed)).json()["code"] in {"LinkBroken", "NoSuchPath"}


async def test_a_list_is_filtered_searched_and_paged(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload
) -> None:
    for number in range(3):
        await upload(officer, name=f"photo {number}.jpg", application_id=application_id, document_type="borrower_photo")
    await upload(officer, PDF, "100% ប័ណ្ណដី.pdf", application_id=application_id)
    await upload(officer, PDF, "mine.pdf")

    async def listed(query: str) -> Any:
        return (await client.get(f"{FILES}/?{query}", headers=officer.headers)).json()

    everything = await listed("size=1000")
    assert (everything["total"], everything["pages"]) == (5, 1)
    page = await listed(f"application_id={application_id}&size=3&page=2&search=")
    assert (len(page["items"]), page["total"], page["page"], page["size"], page["pages"]) == (1, 4, 2, 3, 2)
    assert [file["display_name"] for file in (await listed("search=%25%20ប័ណ្ណ"))["items"]] == ["100% ប័ណ្ណដី.pdf"]
    for typed in ("ប័ណ្ណ%E2%80%8Bដី", "100%25%20%20ប័ណ្ណ"):
        assert (await listed(f"search={typed}"))["total"] == 1, "as it is shown, however it was typed"
    folders = (await client.get(FOLDERS, headers=officer.headers)).json()
    assert (await listed(f"folder_id={folders[0]['id']}"))["total"] == 3
    assert {file["url"] for file in everything["items"]} == {None}, "links are given one at a time, on record"
    assert (await client.get(f"{FILES}?size=1001", headers=officer.headers)).status_code == 422


async def test_lists_take_as_many_statements_for_many_as_for_few(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload, engine: AsyncEngine
) -> None:
    async def cost_of(address: str) -> int:
        with sent(engine) as statements:
            assert (await client.get(address, headers=officer.headers)).status_code == 200
        return sum(statement.startswith("SELECT") for statement, _ in statements)

    addresses = (FILES, FOLDERS, f"{FOLDERS}/application/{application_id}/hierarchy")
    await upload(officer, application_id=application_id, document_type="borrower_photo")
    few = [await cost_of(address) for address in addresses]
    for kind in ("guarantor_photo", "land_title", "contract", "business_license"):
        await upload(officer, application_id=application_id, document_type=kind)
    assert [await cost_of(address) for address in addresses] == few
    assert few == [3, 2, 4], "the first of each finds the person"


async def test_papers_are_not_there_for_an_officer_of_another_branch(
    client: AsyncClient, sign_in: SignIn, officer: Person, application_id: UUID, upload: Upload, other_branch: Branch
) -> None:
    file = (await upload(officer, application_id=application_id, document_type="contract")).json()
    stranger = await sign_in("officer", branch_id=other_branch.id)
    for method, address in (
        ("GET", f"{FILES}/{file['id']}"),
        ("GET", f"{FILES}/{file['id']}/download"),
        ("DELETE", f"{FILES}/{file['id']}"),
        ("GET", f"{FOLDERS}/{file['folder_id']}"),
        ("DELETE", f"{FOLDERS}/{file['folder_id']}"),
        ("GET", f"{FOLDERS}/application/{application_id}/hierarchy"),
    ):
        answer = await client.request(method, address, headers=stranger.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing"), address
    for wish in ({"application_id": application_id}, {"folder_id": file["folder_id"]}):
        assert (await upload(stranger, **wish)).status_code == 404
    assert (await client.get(FILES, headers=stranger.headers)).json()["total"] == 0
    assert (await client.get(f"{FILES}?application_id={application_id}", headers=stranger.headers)).json()[
        "items"
    ] == []
    assert (await client.get(FOLDERS, headers=stranger.headers)).json() == []


async def test_a_teller_adds_papers_to_an_application_of_their_branch(
    client: AsyncClient,
    session: AsyncSession,
    branch: Branch,
    sign_in: SignIn,
    officer: Person,
    upload: Upload,
) -> None:
    session.add(
        application := an_application(officer.user.id, branch_id=branch.id, workflow_status=Stage.TELLER_PROCESSING)
    )
    await session.commit()
    teller = await sign_in("teller", branch_id=branch.id)
    file = await upload(teller, PDF, "statement.pdf", application_id=application.id, document_type="bank")
    assert file.status_code == 201, file.text
    seen = await client.get(f"{FILES}/{file.json()['id']}", headers=officer.headers)
    assert seen.json()["display_name"] == "statement.pdf"


async def test_who_only_looks_uploads_and_removes_nothing(
    client: AsyncClient, branch: Branch, sign_in: SignIn, officer: Person, application_id: UUID, upload: Upload
) -> None:
    file = (await upload(officer, application_id=application_id)).json()
    for role in ("viewer", "auditor"):
        person = await sign_in(role, branch_id=branch.id)
        assert (await client.get(f"{FILES}/{file['id']}", headers=person.headers)).status_code == 200
        for answer in (
            await upload(person, application_id=application_id),
            await client.delete(f"{FILES}/{file['id']}", headers=person.headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "NotPermitted")


async def test_a_file_of_no_application_is_seen_by_its_uploader_and_by_administrators(
    client: AsyncClient, branch: Branch, sign_in: SignIn, officer: Person, upload: Upload
) -> None:
    file = (await upload(officer)).json()
    assert (file["application_id"], file["folder_id"]) == (None, None)
    for role, status in (("officer", 404), ("manager", 404), ("admin", 200)):
        person = await sign_in(role, branch_id=branch.id)
        assert (await client.get(f"{FILES}/{file['id']}/download", headers=person.headers)).status_code == status
    assert (await client.get(f"{FILES}/{file['id']}", headers=officer.headers)).status_code == 200


async def test_an_officer_removes_only_what_they_uploaded_and_a_manager_the_rest(
    client: AsyncClient, branch: Branch, sign_in: SignIn, officer: Person, application_id: UUID, upload: Upload
) -> None:
    file = (await upload(officer, application_id=application_id)).json()
    colleague = await sign_in("officer", branch_id=branch.id)
    refused = await client.delete(f"{FILES}/{file['id']}", headers=colleague.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourFile")
    manager = await sign_in("manager", branch_id=branch.id)
    assert (await client.delete(f"{FILES}/{file['id']}", headers=manager.headers)).status_code == 204


@pytest.mark.parametrize("stage", [Stage.APPROVED, Stage.REJECTED, Stage.WITHDRAWN])
async def test_the_papers_of_a_decided_application_stay(
    client: AsyncClient,
    session: AsyncSession,
    branch: Branch,
    sign_in: SignIn,
    officer: Person,
    upload: Upload,
    stage: Stage,
) -> None:
    session.add(application := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    file = (await upload(officer, application_id=application.id, document_type="contract")).json()
    application.workflow_status = stage
    await session.commit()
    manager = await sign_in("manager", branch_id=branch.id)
    for answer in (
        await client.delete(f"{FILES}/{file['id']}", headers=officer.headers),
        await client.delete(f"{FILES}/{file['id']}", headers=manager.headers),
        await upload(officer, application_id=application.id),
        await upload(officer, folder_id=file["folder_id"]),
        await client.post(
            FOLDERS, json={"name": "Late", "application_id": str(application.id)}, headers=officer.headers
        ),
        await client.patch(f"{FOLDERS}/{file['folder_id']}", json={"name": "Late"}, headers=officer.headers),
        await client.delete(f"{FOLDERS}/{file['folder_id']}", headers=manager.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "PapersClosed")
    assert (await client.get(f"{FILES}/{file['id']}/download", headers=officer.headers)).status_code == 200


async def test_a_file_that_is_not_there_is_missing(client: AsyncClient, officer: Person) -> None:
    for method, address in (("GET", NOBODY), ("DELETE", NOBODY), ("GET", f"{NOBODY}/download")):
        answer = await client.request(method, f"{FILES}/{address}", headers=officer.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
    assert (await client.get(f"{FILES}/{NOBODY}/download")).status_code == 401
