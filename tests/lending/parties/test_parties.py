"""Who and what stands behind an application: through the web app's fields, and row by row."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.customers.models import Customer
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, Draft, Take

GUARANTOR = {
    "guarantor_name": "KEO BOPHA",
    "guarantor_phone": "096 123 4567",
    "guarantor_id_number": "012345678(4)",
    "guarantor_address": "Phum 3",
    "guarantor_relationship": "sister",
}
LAND = {"type": "land", "value": 12000.5, "photos": [{"file_id": "7", "note": None}]}
CAR = {"collateral_type": "vehicle", "plate": "2A-1234", "estimated_value": "7,000"}


async def test_the_web_apps_fields_are_kept_as_rows_and_nothing_is_lost(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    drafted = await draft(officer, **GUARANTOR, collaterals=[LAND, CAR])
    assert {name: drafted[name] for name in GUARANTOR} == GUARANTOR
    assert drafted["collaterals"] == [LAND, CAR]
    (party,) = (await client.get(f"{URL}/{drafted['id']}/parties", headers=officer.headers)).json()
    assert (party["role"], party["full_name_latin"], party["relation"]) == ("guarantor", "KEO BOPHA", "sister")
    assert drafted["parties"] == [party]
    land, car = (await client.get(f"{URL}/{drafted['id']}/collaterals", headers=officer.headers)).json()
    assert (land["collateral_type"], land["estimated_value"], land["entry"]) == ("land", 12000.5, LAND)
    assert (car["collateral_type"], car["estimated_value"], car["entry"]["plate"]) == ("vehicle", 7000, "2A-1234")
    unchanged = await client.put(f"{URL}/{drafted['id']}", json=drafted, headers=officer.headers)
    assert unchanged.json() == drafted


async def test_a_guarantor_is_a_customer(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft
) -> None:
    drafted = await draft(officer, **GUARANTOR)
    (party,) = drafted["parties"]
    own_loan = await draft(officer, id_number="012345678", full_name_latin="KEO BOPHA", full_name_khmer="", phone="")
    assert own_loan["customer_id"] == party["customer_id"] != drafted["customer_id"]
    seen = await client.get(f"/api/v1/customers/{party['customer_id']}", headers=officer.headers)
    assert (seen.json()["username"], seen.json()["application_count"]) == ("KEO BOPHA", 1)
    assert await session.scalar(select(func.count()).select_from(Customer)) == 2


async def test_one_person_may_borrow_here_and_guarantee_there_at_the_same_moment(officer: Person, draft: Draft) -> None:
    one = await draft(officer, **GUARANTOR)
    other = await draft(
        officer,
        id_number="012345678",
        full_name_latin="KEO BOPHA",
        phone="",
        guarantor_name="SOK CHANTHY",
        guarantor_id_number="010234567",
    )
    assert other["customer_id"] == one["parties"][0]["customer_id"]
    assert other["parties"][0]["customer_id"] == one["customer_id"]


async def test_nobody_stands_behind_a_loan_of_their_own(
    client: AsyncClient, officer: Person, draft: Draft, take: Take
) -> None:
    loan = await draft(officer, **GUARANTOR | {"guarantor_name": "SOK CHANTHY", "guarantor_id_number": "010234567"})
    refused = await take(officer, loan, "submit")
    assert (refused.status_code, refused.json()["code"]) == (422, "BehindOwnLoan"), refused.text
    actions = (await client.get(f"{URL}/{loan['id']}/actions", headers=officer.headers)).json()
    (submit,) = [one for one in actions if one["action"] == "submit"]
    assert [one["code"] for one in submit["blocked_by"]] == ["BehindOwnLoan"]
    await client.put(f"{URL}/{loan['id']}", json=GUARANTOR, headers=officer.headers)
    assert (await take(officer, loan, "submit")).status_code == 200


async def test_what_stands_behind_a_loan_is_changed_as_it_was_read_only(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    loan = await draft(officer, **GUARANTOR, collaterals=[LAND])
    url, stale = f"{URL}/{loan['id']}", officer.headers | {"If-Match": f'"{loan["version"] + 7}"'}
    party = f"{url}/parties/{loan['parties'][0]['id']}"
    land = f"{url}/collaterals/{(await client.get(f'{url}/collaterals', headers=officer.headers)).json()[0]['id']}"
    tried = [
        await client.post(f"{url}/parties", json={"role": "guarantor", "full_name_latin": "SOK DARA"}, headers=stale),
        await client.patch(party, json={"relation": "aunt"}, headers=stale),
        await client.delete(party, headers=stale),
        await client.post(f"{url}/collaterals", json={"estimated_value": 5}, headers=stale),
        await client.patch(land, json={"estimated_value": 5}, headers=stale),
        await client.delete(land, headers=stale),
        await client.put(f"{url}/financials", json={"lines": [{"kind": "income", "amount": 5}]}, headers=stale),
        await client.patch(f"{url}/priority", json={"priority_level": "low"}, headers=stale),
        await client.patch(f"{url}/assign-reviewer", json={"reviewer_id": None}, headers=stale),
    ]
    assert [(one.status_code, one.json()["version"]) for one in tried] == [(412, loan["version"])] * 9
    fresh = officer.headers | {"If-Match": f'"{loan["version"]}"'}
    assert (await client.patch(party, json={"relation": "aunt"}, headers=fresh)).status_code == 200
    assert (await client.patch(party, json={"relation": "niece"}, headers=fresh)).status_code == 412


async def test_nobody_stands_behind_one_loan_twice_in_one_role(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    url = f"{URL}/{(await draft(officer))['id']}/parties"
    wish = {"role": "guarantor", "full_name_latin": "KEO BOPHA", "id_number": "012345678", "id_card_type": "passport"}
    assert (await client.post(url, json=wish, headers=officer.headers)).status_code == 201
    again = await client.post(url, json=wish, headers=officer.headers)  # the answer was lost on the way
    assert (again.status_code, again.json()["code"]) == (422, "AlreadyBehind"), again.text
    other_role = await client.post(url, json=wish | {"role": "co_borrower"}, headers=officer.headers)
    assert other_role.status_code == 201
    assert len((await client.get(url, headers=officer.headers)).json()) == 2


async def test_nobody_becomes_somebody_who_stands_behind_the_loan_already(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    loan = await draft(officer, **GUARANTOR)
    url = f"{URL}/{loan['id']}"
    dara = {"role": "guarantor", "full_name_latin": "CHEA DARA", "id_number": "030456789", "id_card_type": "passport"}
    second = (await client.post(f"{url}/parties", json=dara, headers=officer.headers)).json()
    keo = {"full_name_latin": "KEO BOPHA", "id_number": "012345678", "id_card_type": "cambodian_identity"}
    renamed = await client.patch(f"{url}/parties/{second['id']}", json=keo, headers=officer.headers)
    assert (renamed.status_code, renamed.json()["code"]) == (422, "AlreadyBehind"), renamed.text
    assert (await client.get(f"{url}/parties", headers=officer.headers)).json()[1] == second
    chan = keo | {"role": "guarantor", "full_name_latin": "CHAN SOPHEA", "id_number": "019876543"}
    assert (await client.post(f"{url}/parties", json=chan, headers=officer.headers)).status_code == 201
    form = {"guarantor_name": "CHAN SOPHEA", "guarantor_id_number": "019876543", "guarantor_phone": None}
    typed_over = await client.put(url, json=form, headers=officer.headers)
    assert (typed_over.status_code, typed_over.json()["code"]) == (422, "AlreadyBehind"), typed_over.text
    assert (await client.get(url, headers=officer.headers)).json()["guarantor_name"] == "KEO BOPHA"


async def test_a_telephone_is_a_number(client: AsyncClient, officer: Person, draft: Draft) -> None:
    loan = await draft(officer, phone="០១២ ៣៤៥ ៦៧៨ (wife)")
    url = f"{URL}/{loan['id']}"
    party = {"role": "guarantor", "full_name_latin": "KEO BOPHA", "phone": "abc"}
    for answer, field in (
        (await client.post(URL, json={"phone": "abc"}, headers=officer.headers), "phone"),
        (await client.put(url, json={"phone": "12"}, headers=officer.headers), "phone"),
        (await client.put(url, json={"guarantor_phone": "none"}, headers=officer.headers), "guarantor_phone"),
        (await client.post(f"{url}/parties", json=party, headers=officer.headers), "phone"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "NotAPhone"), answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_the_web_app_changes_its_guarantor_and_its_collateral(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft
) -> None:
    drafted = await draft(officer, **GUARANTOR, collaterals=[LAND, CAR])
    url = f"{URL}/{drafted['id']}"
    form = {"guarantor_name": "កែវ បុប្ផា", "guarantor_phone": "", "collaterals": [CAR]}
    changed = (await client.put(url, json=form, headers=officer.headers)).json()
    assert (changed["guarantor_name"], changed["guarantor_phone"]) == ("កែវ បុប្ផា", "096 123 4567")
    assert changed["collaterals"] == [CAR]
    assert changed["version"] == drafted["version"] + 1
    assert changed["parties"][0]["customer_id"] == drafted["parties"][0]["customer_id"]
    gone = (await client.put(url, json=dict.fromkeys(GUARANTOR), headers=officer.headers)).json()
    assert (gone["guarantor_name"], gone["parties"]) == (None, [])
    mixed = await client.put(url, json={"guarantor_name": "SOK សុភា"}, headers=officer.headers)
    assert (mixed.status_code, mixed.json()["code"]) == (422, "MixedScripts")


async def test_nobody_borrows_or_stands_in_before_they_are_born(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    url, unborn = (
        f"{URL}/{(await draft(officer))['id']}",
        {"date_of_birth": "2026-11-25", "full_name_latin": "SOK DARA"},
    )
    for answer in (
        await client.post(URL, json=unborn, headers=officer.headers),
        await client.put(url, json=unborn, headers=officer.headers),
        await client.post(f"{url}/parties", json=unborn | {"role": "guarantor"}, headers=officer.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "NotBornYet")
    today = await client.put(url, json={"date_of_birth": "2026-11-24"}, headers=officer.headers)
    assert today.status_code == 200


async def test_no_number_of_a_land_title_stands_in_the_journal(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft
) -> None:
    numbers = "0417-2019", "0518-2020", "0619-2021"
    drafted = await draft(officer, collaterals=[LAND | {"document_number": numbers[0]}])
    whole = f"{URL}/{drafted['id']}"
    other = {"collaterals": [LAND | {"document_number": numbers[1]}]}
    assert (await client.put(whole, json=other, headers=officer.headers)).status_code == 200
    (row,) = (await client.get(f"{whole}/collaterals", headers=officer.headers)).json()
    one = f"{whole}/collaterals/{row['id']}"
    changed = await client.patch(one, json={"title_number": numbers[2]}, headers=officer.headers)
    assert changed.status_code == 200, changed.text
    assert (await client.delete(one, headers=officer.headers)).status_code == 204
    changes = str((await session.scalars(select(JournalEntry.changes))).all())
    assert "title_number" in changes
    assert not [number for number in numbers if number in changes]


async def test_people_join_change_and_leave_row_by_row(
    client: AsyncClient, officer: Person, draft: Draft, announced: Callable[[], Awaitable[Any]]
) -> None:
    drafted = await draft(officer, **GUARANTOR)
    url = f"{URL}/{drafted['id']}/parties"
    wish = {"role": "co_borrower", "full_name_khmer": "ចាន់ ដារ៉ា", "relation": "husband"}
    joined = await client.post(url, json=wish, headers=officer.headers)
    assert joined.status_code == 201, joined.text
    assert joined.json()["customer_id"] is not None
    one = f"{url}/{joined.json()['id']}"
    changed = await client.patch(
        one, json={"full_name_latin": "CHAN DARA", "phone": "012345679"}, headers=officer.headers
    )
    assert (changed.json()["full_name_latin"], changed.json()["customer_id"]) == (
        "CHAN DARA",
        joined.json()["customer_id"],
    )
    nameless = await client.patch(one, json={"full_name_latin": None, "full_name_khmer": None}, headers=officer.headers)
    assert (nameless.status_code, nameless.json()["code"]) == (422, "PartyNameNeeded")
    assert [party["role"] for party in (await client.get(url, headers=officer.headers)).json()] == [
        "guarantor",
        "co_borrower",
    ]
    assert (await client.delete(one, headers=officer.headers)).status_code == 204
    assert (await client.delete(one, headers=officer.headers)).status_code == 404
    whole = (await client.get(f"{URL}/{drafted['id']}", headers=officer.headers)).json()
    assert (whole["guarantor_name"], len(whole["parties"]), whole["version"]) == ("KEO BOPHA", 1, 4)
    assert (await announced())[-4:] == [*["ApplicationChanged"] * 2, "CustomerForgotten", "ApplicationChanged"]


async def test_things_are_pledged_revalued_and_released_row_by_row(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    drafted = await draft(officer, collaterals=[LAND])
    url = f"{URL}/{drafted['id']}/collaterals"
    wish = {"collateral_type": "vehicle", "estimated_value": 7000, "currency": "USD", "others": {"plate": "2A-1234"}}
    car = await client.post(url, json=wish, headers=officer.headers)
    assert car.status_code == 201, car.text
    (land, _) = (await client.get(url, headers=officer.headers)).json()
    revalued = await client.patch(f"{url}/{land['id']}", json={"estimated_value": 9000}, headers=officer.headers)
    assert revalued.json()["entry"] == LAND | {"value": 9000}
    whole = (await client.get(f"{URL}/{drafted['id']}", headers=officer.headers)).json()
    assert whole["collaterals"] == [
        LAND | {"value": 9000},
        {"collateral_type": "vehicle", "estimated_value": 7000, "currency": "USD", "plate": "2A-1234"},
    ]
    assert (await client.delete(f"{url}/{land['id']}", headers=officer.headers)).status_code == 204
    assert len((await client.get(url, headers=officer.headers)).json()) == 1
    beyond = await client.post(url, json={"estimated_value": -1}, headers=officer.headers)
    assert beyond.status_code == 422


async def test_a_row_that_nobody_filled_in_is_no_collateral(client: AsyncClient, officer: Person, draft: Draft) -> None:
    blank = [{"collateral_type": "", "estimated_value": ""}, {}, {"description": " ", "currency": "USD", "photos": []}]
    drafted = await draft(officer, collaterals=[*blank, CAR])
    assert drafted["collaterals"] == [CAR]
    url = f"{URL}/{drafted['id']}"
    again = (await client.put(url, json={"collaterals": [CAR, *blank]}, headers=officer.headers)).json()
    assert (again["collaterals"], again["version"]) == ([CAR], drafted["version"])
    (car,) = (await client.get(f"{url}/collaterals", headers=officer.headers)).json()
    said = {"collateral_type": None, "estimated_value": None, "others": {"plate": None}}
    for answer in (
        await client.post(f"{url}/collaterals", json={"currency": "USD"}, headers=officer.headers),
        await client.patch(f"{url}/collaterals/{car['id']}", json=said, headers=officer.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "NothingPledged"), answer.text


async def test_nobody_looks_through_more_than_fifty(client: AsyncClient, officer: Person, draft: Draft) -> None:
    drafted = await draft(officer, collaterals=[LAND] * 50)
    refused = await client.post(
        f"{URL}/{drafted['id']}/collaterals", json={"estimated_value": 1}, headers=officer.headers
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "TooManyBehind")


async def test_a_submitted_application_keeps_what_stands_behind_it(
    client: AsyncClient, sign_in: SignIn, officer: Person, draft: Draft, take: Take, other_branch: Branch
) -> None:
    stranger, viewer = await sign_in("officer", branch_id=other_branch.id), await sign_in("viewer")
    drafted = await draft(officer, **GUARANTOR, collaterals=[LAND])
    for path, wish in (("parties", {"full_name_latin": "A B"}), ("collaterals", LAND)):
        url = f"{URL}/{drafted['id']}/{path}"
        assert (await client.get(url, headers=stranger.headers)).status_code == 404
        assert (await client.post(url, json=wish, headers=stranger.headers)).status_code == 404
        assert (await client.post(url, json=wish, headers=viewer.headers)).status_code == 403
    await take(officer, drafted, "submit")
    for path, wish in (("parties", {"full_name_latin": "A B"}), ("collaterals", LAND)):
        url = f"{URL}/{drafted['id']}/{path}"
        (row,) = (await client.get(url, headers=officer.headers)).json()
        refused = [
            await client.post(url, json=wish, headers=officer.headers),
            await client.patch(f"{url}/{row['id']}", json=wish, headers=officer.headers),
            await client.delete(f"{url}/{row['id']}", headers=officer.headers),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(422, "NotEditable")}


async def test_whoever_stood_behind_a_draft_by_mistake_is_nobody_once_they_are_taken_off(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    drafted = await draft(officer, **GUARANTOR)
    wish = {"full_name_latin": "CHAN DARA", "phone": "011 222 333"}
    joined = await client.post(f"{URL}/{drafted['id']}/parties", json=wish, headers=officer.headers)
    nobody = dict.fromkeys(GUARANTOR, "")

    async def names() -> set[str]:
        listed = (await client.get("/api/v1/customers", headers=officer.headers)).json()["items"]
        return {customer["username"] for customer in listed}

    assert await names() == {"SOK CHANTHY", "KEO BOPHA", "CHAN DARA"}
    off = await client.delete(f"{URL}/{drafted['id']}/parties/{joined.json()['id']}", headers=officer.headers)
    assert (off.status_code, await names()) == (204, {"SOK CHANTHY", "KEO BOPHA"})
    other = await draft(officer, id_number="020345678", full_name_latin="SOK DARA", full_name_khmer="", **GUARANTOR)
    assert (await client.put(f"{URL}/{drafted['id']}", json=nobody, headers=officer.headers)).status_code == 200
    assert await names() == {"SOK CHANTHY", "KEO BOPHA", "SOK DARA"}, "she stands behind another loan"
    assert (await client.put(f"{URL}/{other['id']}", json=nobody, headers=officer.headers)).status_code == 200
    assert await names() == {"SOK CHANTHY", "SOK DARA", "KEO BOPHA"}, "which did not write her down"
