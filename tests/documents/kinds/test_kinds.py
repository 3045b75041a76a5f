"""The list of kinds of papers is data: what the web app expects is there, and a house adds its own."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.documents.library.conftest import FOLDERS, send
from tests.lending.factories import an_application

KINDS = f"{FOLDERS}/document-types"

# the File row of the web app's contract, word for word
CONTRACT = {
    "Borrower Documents": (
        "borrower_photo borrower_id_card borrower_family_book borrower_income_proof borrower_bank_statement borrower_id"
    ),
    "Guarantor Documents": (
        "guarantor_photo guarantor_id_card guarantor_family_book guarantor_income_proof guarantor_bank_statement "
        "guarantor_id"
    ),
    "Collateral Documents": "collateral_photo collateral_document",
    "Land Documents": "land_title",
    "Property Valuations": "property_valuation",
    "Property Photos": "property_photos",
    "Vehicle Documents": "vehicle_registration",
    "Vehicle Photos": "vehicle_photos",
    "Business Documents": "business_license business_registration business_financial_statement",
    "Supporting Documents": (
        "loan_application_form credit_report reference_letter contract other_supporting_doc other"
    ),
}
WISH = {"value": "soil_test", "label": "Soil test", "label_khmer": "ការធ្វើតេស្តដី", "folder": "ឯកសារដី"}


@pytest.fixture
async def file_one(
    client: AsyncClient, session: AsyncSession, officer: Person, branch: Branch
) -> Callable[[str], Awaitable[str]]:
    """Hand a paper of a kind in; answers the name of the folder it is filed in."""
    session.add(application := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    application_id: UUID = application.id

    async def file_one(kind: str) -> str:
        filed = await send(client, officer, application_id=application_id, document_type=kind)
        assert filed.status_code == 201, filed.text
        folder = await client.get(f"{FOLDERS}/{filed.json()['folder_id']}", headers=officer.headers)
        return str(folder.json()["name"])

    return file_one


async def kinds(client: AsyncClient, person: Person, **query: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await client.get(KINDS, params=query, headers=person.headers)).json()
    return listed


async def test_a_new_house_has_the_kinds_the_web_app_knows_in_english_and_khmer(
    client: AsyncClient, officer: Person
) -> None:
    listed = await kinds(client, officer)
    folders = {kind: folder for folder, known in CONTRACT.items() for kind in known.split()}
    assert {kind["value"]: kind["folder"] for kind in listed} == folders
    assert listed[0] == {
        "value": "borrower_photo",
        "label": "Photo of the borrower",
        "label_khmer": "រូបថតអ្នកខ្ចី",
        "folder": "Borrower Documents",
        "position": 10,
        "offered": True,
    }
    for kind in listed:
        assert kind["label"].isascii()
        assert all("\u1780" <= character <= "\u17ff" for character in kind["label_khmer"])


async def test_a_kind_the_house_adds_is_filed_in_a_folder_of_its_own(
    client: AsyncClient,
    sign_in: SignIn,
    file_one: Callable[[str], Awaitable[str]],
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    admin = await sign_in("admin")
    assert await file_one("soil_test") == "Supporting Documents"
    assert (await client.post(KINDS, json=WISH, headers=admin.headers)).status_code == 201
    assert await file_one("soil_test") == "ឯកសារដី"
    again = await client.post(KINDS, json=WISH, headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (422, "DocumentTypeTaken")
    changed = await client.patch(f"{KINDS}/soil_test", json={"folder": "Land Documents"}, headers=admin.headers)
    assert (changed.status_code, changed.json()["folder"]) == (200, "Land Documents")
    assert await file_one("soil_test") == "Land Documents"
    assert (await announced()).count("DocumentTypeChanged") == 2


async def test_a_kind_is_taken_back_as_it_was_read_also_behind_the_last_and_never_has_a_folder_nobody_sees(
    client: AsyncClient, sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    read = await client.post(KINDS, json=WISH | {"position": 10_000}, headers=admin.headers)
    assert read.status_code == 201, read.text
    back = await client.patch(f"{KINDS}/{WISH['value']}", json=read.json(), headers=admin.headers)
    assert (back.status_code, back.json()) == (200, read.json())
    blank = await client.patch(f"{KINDS}/{WISH['value']}", json={"folder": "\u200b"}, headers=admin.headers)
    assert (blank.status_code, [error["field"] for error in blank.json()["errors"]]) == (422, ["folder"])


async def test_a_kind_that_is_no_longer_offered_is_still_known(
    client: AsyncClient, sign_in: SignIn, officer: Person
) -> None:
    admin = await sign_in("admin")
    await client.patch(f"{KINDS}/borrower_id", json={"offered": False}, headers=admin.headers)
    assert "borrower_id" not in {kind["value"] for kind in await kinds(client, officer)}
    assert "borrower_id" in {kind["value"] for kind in await kinds(client, officer, with_retired="true")}
    unknown = await client.patch(f"{KINDS}/horoscope", json={"offered": False}, headers=admin.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "Missing")


async def test_the_list_is_kept_by_those_who_run_the_house(client: AsyncClient, officer: Person) -> None:
    for method, address in (("POST", KINDS), ("PATCH", f"{KINDS}/other")):
        refused = await client.request(method, address, json=WISH, headers=officer.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "NotPermitted")
