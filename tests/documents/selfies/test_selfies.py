"""An officer photographs a customer at their house, and somebody else looks whether it is true."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import anyio
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.rules.selfies import SelfieStatus
from lc_workflow.documents.selfies.models import Selfie
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.security.tokens import Tokens
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import JPEG, NOBODY, PDF, OpenOwnHouse, own_house
from tests.identity.factories import a_session, a_user
from tests.lending.factories import an_application
from tests.servers.databases import until_somebody_waits

__all__ = ["own_house"]

URL = "/api/v1/selfies"


async def upload(
    client: AsyncClient, person: Person, application_id: UUID | str, content: bytes = JPEG, **fields: Any
) -> Response:
    data = {
        "application_id": str(application_id),
        "selfie_type": "customer_with_officer",
        "customer_name": "សុខ ចាន់ធី",
        "location_latitude": "11.5564",
        "location_longitude": "104.9282",
        "notes": "",
        **fields,
    }
    return await client.post(
        f"{URL}/upload", files={"file": ("selfie.jpg", content, "image/jpeg")}, data=data, headers=person.headers
    )


async def judge(client: AsyncClient, person: Person, selfie: dict[str, Any], **finding: Any) -> Response:
    return await client.post(
        f"{URL}/{selfie['id']}/validate", json={"is_valid": True, **finding}, headers=person.headers
    )


async def test_a_selfie_keeps_its_place_and_is_a_paper_of_the_application(
    client: AsyncClient, officer: Person, application_id: UUID, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    answer = await upload(client, officer, application_id)
    assert answer.status_code == 201, answer.text
    selfie = answer.json()
    assert (selfie["location_latitude"], selfie["location_longitude"]) == (11.5564, 104.9282)
    assert (selfie["status"], selfie["notes"], selfie["taken_by"]) == ("pending", None, str(officer.user.id))
    assert (await client.get(selfie["url"])).content == JPEG

    shown = (await client.get(f"{URL}/{selfie['id']}", headers=officer.headers)).json()
    assert (await client.get(shown["url"])).content == JPEG
    assert (await announced())[-2:] == ["FileStored", "FileOpened"]
    listed = await client.get(f"{URL}?application_id={application_id}&status=pending", headers=officer.headers)
    assert [each["id"] for each in listed.json()["items"]] == [selfie["id"]]
    none = await client.get(f"{URL}?selfie_type=id_verification", headers=officer.headers)
    assert none.json()["items"] == []
    none = await client.get(f"{URL}?status=valid", headers=officer.headers)
    assert none.json()["total"] == 0
    papers = await client.get(f"/api/v1/files?application_id={application_id}", headers=officer.headers)
    assert [each["id"] for each in papers.json()["items"]] == [selfie["file_id"]]


async def test_somebody_else_says_that_it_is_true(
    client: AsyncClient, officer: Person, manager: Person, application_id: UUID
) -> None:
    selfie = (await upload(client, officer, application_id)).json()
    found = await judge(client, manager, selfie)
    assert found.status_code == 200, found.text
    assert (found.json()["status"], found.json()["validated_by"]) == ("valid", str(manager.user.id))
    again = await judge(client, manager, selfie, is_valid=False, notes="another man")
    assert (again.status_code, again.json()["code"]) == (422, "FoundAlready")
    kept = await client.delete(f"{URL}/{selfie['id']}", headers=manager.headers)
    assert (kept.status_code, kept.json()["code"]) == (422, "FoundAlready")


async def test_of_two_who_look_at_once_the_second_hears_what_was_found(own_house: OpenOwnHouse, tokens: Tokens) -> None:
    async with own_house() as house, AsyncSession(house.engine, expire_on_commit=False) as elsewhere:
        looking = a_user(role="manager", branch_id=house.officer.user.branch_id)
        elsewhere.add(looking)
        await elsewhere.flush()
        elsewhere.add(visit := a_session(looking.id))
        await elsewhere.commit()
        token = tokens.issue(looking.id, visit.id, at=system_clock())
        manager = Person(looking, {"Authorization": f"Bearer {token}"})
        selfie = (await upload(house.client, house.officer, house.application_id)).json()
        answers: list[Response] = []

        async def look() -> None:
            answers.append(await judge(house.client, manager, selfie))

        found = await elsewhere.get_one(Selfie, UUID(selfie["id"]), with_for_update=True)
        found.status, found.validation_notes = SelfieStatus.INVALID, "another man"
        await elsewhere.flush()
        async with anyio.create_task_group() as together:
            together.start_soon(look)
            await until_somebody_waits(await elsewhere.connection())
            await elsewhere.commit()
        assert (answers[0].status_code, answers[0].json()["code"]) == (422, "FoundAlready"), answers[0].text


@pytest.mark.parametrize("finding", [{}, {"is_valid": ""}, {"status": "rejected"}, {"is_validated": False}])
async def test_what_does_not_say_whether_it_is_true_finds_nothing(
    client: AsyncClient, officer: Person, manager: Person, application_id: UUID, finding: dict[str, object]
) -> None:
    selfie = (await upload(client, officer, application_id)).json()
    unsaid = await client.post(f"{URL}/{selfie['id']}/validate", json=finding, headers=manager.headers)
    assert (unsaid.status_code, unsaid.json()["detail"]) == (422, "is_valid: is needed.")
    shown = await client.get(f"{URL}/{selfie['id']}", headers=officer.headers)
    assert shown.json()["status"] == "pending"


async def test_nobody_judges_a_picture_they_took(client: AsyncClient, manager: Person, application_id: UUID) -> None:
    selfie = (await upload(client, manager, application_id)).json()
    own = await judge(client, manager, selfie)
    assert (own.status_code, own.json()["code"]) == (403, "OwnSelfie")


async def test_an_officer_does_not_judge(client: AsyncClient, officer: Person, application_id: UUID) -> None:
    selfie = (await upload(client, officer, application_id)).json()
    assert (await judge(client, officer, selfie)).status_code == 403


async def test_whoever_finds_fault_says_which(
    client: AsyncClient, officer: Person, manager: Person, application_id: UUID
) -> None:
    selfie = (await upload(client, officer, application_id)).json()
    for more in ({}, {"notes": " \n"}):
        silent = await judge(client, manager, selfie, is_valid=False, **more)
        assert (silent.status_code, silent.json()["code"]) == (422, "NotesNeeded")
    said = await judge(client, manager, selfie, is_valid=False, notes="The face cannot be seen.")
    assert (said.json()["status"], said.json()["validation_notes"]) == ("invalid", "The face cannot be seen.")


async def test_a_bad_picture_goes_with_its_file(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, branch: Branch, application_id: UUID
) -> None:
    selfie = (await upload(client, officer, application_id)).json()
    other = await sign_in("officer", branch_id=branch.id)
    refused = await client.delete(f"{URL}/{selfie['id']}", headers=other.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourSelfie")
    assert (await client.delete(f"{URL}/{selfie['id']}", headers=officer.headers)).status_code == 204
    assert (await client.get(selfie["url"])).status_code == 404
    assert await session.scalar(select(func.count()).select_from(Selfie)) == 0
    assert await session.scalar(select(func.count()).where(File.standing())) == 0
    changes = str((await session.scalars(select(JournalEntry.changes))).all())
    assert "location_latitude" in changes
    assert "11.5564" not in changes, "where a customer lives is nothing for the journal"
    alone = await client.post(f"/api/v1/files/{selfie['file_id']}/restore", headers=officer.headers)
    assert alone.json()["document_type"] == "borrower_photo", "what comes back is a plain paper"


async def test_the_picture_of_a_selfie_goes_only_with_the_selfie(
    client: AsyncClient, officer: Person, manager: Person, application_id: UUID
) -> None:
    selfie = (await upload(client, officer, application_id)).json()
    await judge(client, manager, selfie)
    for person in (officer, manager):
        refused = await client.delete(f"/api/v1/files/{selfie['file_id']}", headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "BelongsToAnother")
    assert (await client.get(f"{URL}/{selfie['id']}", headers=officer.headers)).json()["status"] == "valid"


async def test_a_draft_is_thrown_away_with_its_selfies(
    client: AsyncClient, session: AsyncSession, officer: Person, application_id: UUID
) -> None:
    await upload(client, officer, application_id)
    gone = await client.delete(f"/api/v1/applications/{application_id}", headers=officer.headers)
    assert gone.status_code == 204, gone.text
    assert await session.scalar(select(func.count()).select_from(Selfie)) == 0


@pytest.mark.parametrize(
    ("content", "fields", "status", "code"),
    [
        (PDF, {}, 422, "TypeNotAllowed"),
        (JPEG, {"location_longitude": ""}, 422, "PlaceIncomplete"),
        (JPEG, {"location_latitude": "91"}, 422, "InvalidInput"),
        (JPEG, {"selfie_type": "passport"}, 422, "InvalidInput"),
        (JPEG, {"application_id": NOBODY}, 404, "Missing"),
    ],
)
async def test_what_is_no_selfie_is_not_taken(
    client: AsyncClient,
    officer: Person,
    application_id: UUID,
    content: bytes,
    fields: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = await upload(client, officer, content=content, **{"application_id": application_id, **fields})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_what_others_work_on_is_not_seen_nor_added_to(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, branch: Branch, application_id: UUID
) -> None:
    selfie = (await upload(client, officer, application_id)).json()
    elsewhere = await sign_in("manager")
    assert (await judge(client, elsewhere, selfie)).status_code == 404
    assert (await client.get(f"{URL}/{selfie['id']}", headers=elsewhere.headers)).status_code == 404
    session.add(decided := an_application(officer.user.id, branch_id=branch.id, workflow_status=Stage.REJECTED))
    await session.commit()
    closed = await upload(client, officer, decided.id)
    assert (closed.status_code, closed.json()["code"]) == (422, "PapersClosed")
