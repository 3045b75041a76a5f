"""Identity numbers and telephones: unreadable at rest, masked for those without the right, and every reading noted."""

import csv
from io import StringIO
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from lc_workflow.app import METADATA
from lc_workflow.identity.roles.models import UserPermission
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.security.reads import PersonalRead
from tests.conftest import Person, SignIn
from tests.identity.rights import Named
from tests.lending.steps import URL, WISH, Draft
from tests.moments import NOON
from tests.organization.factories import a_branch

NUMBERS = {"id_number": "010234567", "phone": "+85512345678"}
BEHIND = {"guarantor_name": "KEO BOPHA", "guarantor_phone": "096 123 4567", "guarantor_id_number": "250123456"}
MASKED = {"id_number": "•••567", "phone": "•••678", "guarantor_phone": "•••567", "guarantor_id_number": "•••456"}
WHOLE = NUMBERS | {name: BEHIND[name] for name in ("guarantor_phone", "guarantor_id_number")}


@pytest.fixture
async def drafted(draft: Draft, officer: Person) -> dict[str, Any]:
    return await draft(officer, **BEHIND)


async def numbers(client: AsyncClient, person: Person, path: str) -> dict[str, Any]:
    answer = await client.get(f"{URL}{path}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    shown = shown["items"][0] if "items" in shown else shown
    return {name: shown[name] for name in MASKED if name in shown}


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("officer", WHOLE),
        ("teller", WHOLE),
        ("manager", WHOLE),
        ("regional_manager", WHOLE),
        ("admin", WHOLE),
        ("viewer", MASKED),
        ("auditor", MASKED),
    ],
)
async def test_who_works_with_customers_reads_their_numbers_and_others_see_how_they_end(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    drafted: dict[str, Any],
    role: str,
    seen: dict[str, Any],
) -> None:
    reader = await sign_in(role, branch_id=branch.id)
    assert await numbers(client, reader, f"/{drafted['id']}") == seen
    assert await numbers(client, reader, "") == seen
    assert await numbers(client, reader, "/cards") == {"phone": seen["phone"]}
    parties = await client.get(f"{URL}/{drafted['id']}/parties", headers=reader.headers)
    assert [party["phone"] for party in parties.json()] == [seen["guarantor_phone"]]
    recent = await client.get("/api/v1/dashboard/recent-applications", headers=reader.headers)
    if recent.status_code == 200:
        assert [entry["phone"] for entry in recent.json()] == [seen["phone"]]
    customer = await client.get(f"/api/v1/customers/{drafted['customer_id']}", headers=reader.headers)
    shown = customer.json()
    assert (shown["phone_number"], shown["phones"]) == (seen["phone"], [seen["phone"]])
    assert [paper["id_number"] for paper in shown["identities"]] == [seen["id_number"]]

    noted = (await session.scalars(select(PersonalRead).where(PersonalRead.reader_id == reader.user.id))).all()
    if seen is MASKED:
        assert not noted
    else:
        told = {(read.subject, read.subject_id and str(read.subject_id), read.how_many) for read in noted}
        assert {
            ("application", drafted["id"], 1),
            ("application", None, 1),
            ("party", None, 1),
            ("customer", drafted["customer_id"], 1),
        } <= told


async def test_who_sees_every_branch_and_reads_the_numbers_of_their_own_sees_how_the_others_end(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    right_id: Named,
    draft: Draft,
    drafted: dict[str, Any],
) -> None:
    session.add(other := a_branch())
    auditor = await sign_in("auditor", branch_id=branch.id)
    right = await right_id("personal:read:branch")
    session.add(
        UserPermission(
            user_id=auditor.user.id, permission_id=right, is_granted=True, given_by=auditor.user.id, given_at=NOON
        )
    )
    await session.commit()
    elsewhere = await draft(
        await sign_in("officer", branch_id=other.id), phone="011 555 777", id_number="250123456", full_name_latin="KEO"
    )
    listed = (await client.get("/api/v1/customers", headers=auditor.headers)).json()["items"]
    phones = {customer["id"]: customer["phone_number"] for customer in listed}
    for application, phone in ((drafted, NUMBERS["phone"]), (elsewhere, "•••777")):
        assert (await numbers(client, auditor, f"/{application['id']}"))["phone"] == phone
        customer = await client.get(f"/api/v1/customers/{application['customer_id']}", headers=auditor.headers)
        assert customer.json()["phones"] == [phone]
        assert phones[application["customer_id"]] == phone


async def test_an_officer_reads_the_numbers_of_a_borrower_who_is_another_branchs_customer(
    client: AsyncClient, sign_in: SignIn, draft: Draft, drafted: dict[str, Any], other_branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=other_branch.id)
    again = await draft(officer)
    assert again["customer_id"] == drafted["customer_id"]
    customer = await client.get(f"/api/v1/customers/{again['customer_id']}", headers=officer.headers)
    assert customer.json()["branch_id"] == drafted["branch_id"] != again["branch_id"]
    assert customer.json()["phones"] == [NUMBERS["phone"]]


async def test_an_export_shows_whole_numbers_to_holders_of_the_right_only(
    client: AsyncClient, sign_in: SignIn, branch: Branch, drafted: dict[str, Any]
) -> None:
    for role, seen in (("manager", WHOLE), ("auditor", MASKED)):
        reader = await sign_in(role, branch_id=branch.id)
        answer = await client.get(f"{URL}/export/csv", headers=reader.headers)
        (row,) = csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))
        exported = {name: row[name].lstrip("'") for name in ("id_number", "phone", "guarantor_phone")}
        assert exported == {name: seen[name] for name in exported}, drafted["id"]


async def test_no_table_no_log_and_no_journal_holds_a_number(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, officer: Person
) -> None:
    with capture_logs() as logged:
        drafted = await draft(officer, **BEHIND)
        key = {"Idempotency-Key": "once"} | officer.headers
        assert (await client.post(URL, json=WISH | {"phone": "011 555 777"}, headers=key)).status_code == 201
        wish = {"phone": "012 987 654", "id_number": "012345678"}
        assert (await client.put(f"{URL}/{drafted['id']}", json=wish, headers=officer.headers)).status_code == 200
        assert (await client.get(f"{URL}?search=012987654", headers=officer.headers)).json()["total"] == 1
        admin = await sign_in("admin", phone_number="016 222 333")
        hired = {"full_name_khmer": "ដារ៉ា", "full_name_latin": "DARA", "phone_number": "017 444 888"}
        assert (await client.post("/api/v1/employees", json=hired, headers=admin.headers)).status_code == 201
    everything = str(logged)
    for table in METADATA.tables:
        everything += str((await session.execute(text(f"SELECT t::text FROM {table} AS t"))).all())
    assert drafted["id"] in everything
    for number in ("010234567", "12345678", "1234567", "250123456", "555777", "987654", "222333", "444888", "444 888"):
        assert number not in everything, number
        assert number.encode().hex() not in everything, number  # bytes are shown in hexadecimal


@pytest.mark.parametrize("written", ["+855 12 345 678", "012345678", "០១២ ៣៤៥ ៦៧៨", "00855-12-345-678", "010-234-567"])
async def test_an_application_is_found_by_a_whole_number_in_any_spelling(
    client: AsyncClient, sign_in: SignIn, branch: Branch, drafted: dict[str, Any], written: str
) -> None:
    viewer = await sign_in("viewer", branch_id=branch.id)
    answer = await client.get(URL, params={"search": written}, headers=viewer.headers)
    assert [item["id"] for item in answer.json()["items"]] == [drafted["id"]]
    part = await client.get(URL, params={"search": written[:-2]}, headers=viewer.headers)
    assert part.json()["total"] == 0


async def test_what_comes_back_masked_changes_nothing(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, drafted: dict[str, Any]
) -> None:
    clerk = await sign_in("admin", branch_id=branch.id)
    sent = MASKED | {"occupation": "Weaver"}
    answer = await client.put(f"{URL}/{drafted['id']}", json=sent, headers=clerk.headers)
    assert (answer.status_code, answer.json()["occupation"]) == (200, "Weaver")
    session.expire_all()
    row = await session.get_one(CustomerApplication, drafted["id"])
    assert {name: getattr(row, name) for name in NUMBERS} == NUMBERS
    assert await numbers(client, clerk, f"/{drafted['id']}") == WHOLE

    party = answer.json()["parties"][0]
    url = f"{URL}/{drafted['id']}/parties/{party['id']}"
    changed = await client.patch(url, json={"phone": "•••567", "relation": "uncle"}, headers=clerk.headers)
    assert (changed.json()["phone"], changed.json()["relation"]) == (BEHIND["guarantor_phone"], "uncle")
    customer = f"/api/v1/customers/{drafted['customer_id']}"
    lists = {
        "phones": ["•••678", "011 555 777"],
        "identities": [{"id_card_type": "cambodian_identity"} | {"id_number": "•••567"}],
    }
    kept = await client.patch(customer, json=lists, headers=clerk.headers)
    assert sorted(kept.json()["phones"]) == ["+85511555777", "+85512345678"], kept.text
    assert [paper["id_number"] for paper in kept.json()["identities"]] == ["010234567"]
    new = await client.post(URL, json=WISH | {"phone": "•••678"}, headers=clerk.headers)
    assert (new.status_code, new.json()["code"], new.json()["errors"][0]["field"]) == (422, "MaskedNumber", "phone")
    unknown = {"identities": [{"id_card_type": "passport", "id_number": "•••999"}]}
    refused = await client.patch(customer, json=unknown, headers=clerk.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "MaskedNumber")


async def test_colleagues_telephones_are_masked_and_ones_own_is_not(
    client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    admin = await sign_in("admin", branch_id=branch.id, phone_number="012 345 678")
    auditor = await sign_in("auditor", branch_id=branch.id, phone_number="011 555 777")
    for reader, seen in ((admin, "012 345 678"), (auditor, "•••678")):
        shown = await client.get(f"/api/v1/users/{admin.user.id}", headers=reader.headers)
        assert shown.json()["phone_number"] == seen
    me = await client.get(f"/api/v1/users/{auditor.user.id}", headers=auditor.headers)
    assert me.json()["phone_number"] == "011 555 777"
    exported = await client.get("/api/v1/users/export/csv", headers=auditor.headers)
    assert "•••678" in exported.text
    assert "012 345 678" not in exported.text
    found = await client.get("/api/v1/users?search=%2B85512345678", headers=auditor.headers)
    assert [user["id"] for user in found.json()["items"]] == [str(admin.user.id)]
    masked = await client.patch(
        f"/api/v1/users/{auditor.user.id}", json={"phone_number": "•••777"}, headers=admin.headers
    )
    assert masked.json()["phone_number"] == "011 555 777"
