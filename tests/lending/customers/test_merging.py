"""Two rows of one person become one: what either of them borrowed, stood in for and owned is judged as one person's."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from lc_workflow.lending.applications.queries.lists import Loanbook
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, Draft, Take

CUSTOMERS = "/api/v1/customers"
PASSPORT = {"id_card_type": "passport", "id_number": "N1"}
NOTHING_ELSE = {"full_name_khmer": "", "date_of_birth": "", "phone": ""}

Merge = Callable[[str, str], Awaitable[None]]


@pytest.fixture
def merge(client: AsyncClient, manager: Person) -> Merge:
    """Let the manager find two customers to be one."""

    async def merge(kept: str, gone: str) -> None:
        body = {"customer_id": gone, "reason": "Two papers of one person"}
        answer = await client.post(f"{CUSTOMERS}/{kept}/merge", json=body, headers=manager.headers)
        assert answer.status_code == 200, answer.text

    return merge


async def stands_in(client: AsyncClient, person: Person, loan: dict[str, Any], number: str, name: str) -> str:
    """Name somebody as a guarantor; answers the customer they are."""
    who = {"role": "guarantor", "full_name_latin": name, "id_card_type": "passport", "id_number": number}
    joined = await client.post(f"{URL}/{loan['id']}/parties", json=who, headers=person.headers)
    assert joined.status_code == 201, joined.text
    customer: str = joined.json()["customer_id"]
    return customer


async def registered(client: AsyncClient, person: Person, paper: dict[str, str] = PASSPORT) -> str:
    """Write Keo Bopha down at the counter; answers the customer she is."""
    who = {"full_name_latin": "KEO BOPHA", "identities": [paper]}
    written = await client.post(CUSTOMERS, json=who, headers=person.headers)
    customer: str = written.json()["id"]
    return customer


async def blocked(client: AsyncClient, person: Person, loan: dict[str, Any], action: str) -> list[str]:
    listed = (await client.get(f"{URL}/{loan['id']}/actions", headers=person.headers)).json()
    (found,) = [each for each in listed if each["action"] == action]
    return [obstacle["code"] for obstacle in found["blocked_by"]]


async def test_two_guarantors_who_turn_out_to_be_one_are_one_too_few(
    client: AsyncClient, officer: Person, draft: Draft, take: Take, merge: Merge
) -> None:
    loan = await draft(officer)
    kept = await stands_in(client, officer, loan, "N1", "KEO BOPHA")
    gone = await stands_in(client, officer, loan, "N2", "KEO BOPHANY")
    await merge(kept, gone)
    assert await blocked(client, officer, loan, "submit") == ["AlreadyBehind"]
    first, second = (await client.get(f"{URL}/{loan['id']}/parties", headers=officer.headers)).json()
    assert first["customer_id"] == second["customer_id"] == kept
    await client.delete(f"{URL}/{loan['id']}/parties/{second['id']}", headers=officer.headers)
    assert (await take(officer, loan, "submit")).status_code == 200


async def test_nobody_is_approved_a_loan_for_which_one_person_stands_in_twice(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, manager: Person, draft: Draft, take: Take,
    merge: Merge,
) -> None:  # fmt: skip
    loan, teller = await draft(officer), await sign_in("teller", branch_id=branch.id)
    kept = await stands_in(client, officer, loan, "N1", "KEO BOPHA")
    gone = await stands_in(client, officer, loan, "N2", "KEO BOPHANY")
    for person, action in ((officer, "submit"), (teller, "start")):
        await take(person, loan, action)
    await take(teller, loan, "send_to_review", account_id="00012345")
    await merge(kept, gone)
    refused = await client.patch(f"{URL}/{loan['id']}/approve", json={"approved_amount": 900}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "AlreadyBehind"), refused.text
    assert (await take(manager, loan, "return", reason="Who else stands in?")).status_code == 200


@pytest.mark.parametrize(
    ("found_to_be", "why"), [("its borrower", "BehindOwnLoan"), ("the other guarantor", "AlreadyBehind")]
)
async def test_a_loan_is_not_paid_out_whose_guarantor_turned_out_to_be_somebody_else_on_it(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, manager: Person, draft: Draft, take: Take,
    merge: Merge, found_to_be: str, why: str,
) -> None:  # fmt: skip
    loan, teller = await draft(officer), await sign_in("teller", branch_id=branch.id)
    guarantor = await stands_in(client, officer, loan, "N1", "KEO BOPHA")
    other = await stands_in(client, officer, loan, "N2", "KEO BOPHANY")
    for person, action in ((officer, "submit"), (teller, "start")):
        await take(person, loan, action)
    await take(teller, loan, "send_to_review", account_id="00012345")
    approved = await client.patch(f"{URL}/{loan['id']}/approve", json={"approved_amount": 900}, headers=manager.headers)
    assert approved.status_code == 200, approved.text
    await merge(loan["customer_id"] if found_to_be == "its borrower" else other, guarantor)
    asked = await client.post(f"{URL}/{loan['id']}/disbursement-requests", headers=teller.headers)
    assert (asked.status_code, asked.json()["code"]) == (422, why), asked.text
    undone = await take(manager, loan, "undo_approval", reason="One guarantor is missing")
    assert undone.status_code == 200, undone.text


async def test_a_draft_that_turns_out_to_be_another_persons_leaves_whoever_was_merged_into_its_customer(
    client: AsyncClient, officer: Person, draft: Draft, merge: Merge
) -> None:
    """The draft had written its customer down; since the merge they are more than what the draft says of them."""
    known = await registered(client, officer)
    loan = await draft(officer, **NOTHING_ELSE, full_name_latin="KEO BOPHANY")
    await merge(loan["customer_id"], known)

    renamed = {"full_name_latin": "SOK DARA", "id_number": "020345678"}
    changed = await client.put(f"{URL}/{loan['id']}", json=renamed, headers=officer.headers)
    assert changed.status_code == 200, changed.text
    assert changed.json()["customer_id"] != loan["customer_id"], "Sok Dara is nobody who was merged"
    bopha = (await client.get(f"{CUSTOMERS}/{loan['customer_id']}", headers=officer.headers)).json()
    assert (bopha["username"], {one["id_number"] for one in bopha["identities"]}) == (
        "KEO BOPHANY",
        {"N1", "010234567"},
    )


async def test_a_customer_with_a_row_of_their_own_outlives_a_draft_that_named_them_by_mistake(
    client: AsyncClient, officer: Person, draft: Draft, merge: Merge
) -> None:
    known = await registered(client, officer)
    other = await draft(officer, id_number="020345678", **NOTHING_ELSE, full_name_latin="SOK DARA")
    loan = await draft(officer, **NOTHING_ELSE, full_name_latin="KEO BOPHANY")
    await merge(loan["customer_id"], known)
    changed = await client.put(
        f"{URL}/{loan['id']}",
        json={"id_number": "020345678"} | {"full_name_latin": "SOK DARA"},
        headers=officer.headers,
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["customer_id"] == other["customer_id"]
    pointer = (await client.get(f"{CUSTOMERS}/{known}", headers=officer.headers)).json()
    assert pointer["merged_into"] == loan["customer_id"]


async def test_an_account_stays_a_known_customers_when_a_loan_named_them_by_mistake(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft, take: Take
) -> None:
    """Bopha was written down at the counter; the teller found her account for a loan that is Dara's."""
    bopha = await registered(client, officer, {"id_card_type": "cambodian_identity", "id_number": "010234567"})
    loan, teller = (
        await draft(officer, **NOTHING_ELSE, full_name_latin="KEO BOPHA"),
        await sign_in("teller", branch_id=branch.id),
    )
    assert loan["customer_id"] == bopha
    await take(officer, loan, "submit")
    await take(teller, loan, "start", account_id="00077")
    await take(teller, loan, "return", reason="Whose card is this?")
    renamed = {"full_name_latin": "SOK DARA", "id_number": "020345678"}
    changed = await client.put(f"{URL}/{loan['id']}", json=renamed, headers=officer.headers)
    assert changed.status_code == 200, changed.text
    assert changed.json()["account_id"] is None
    accounts = (await client.get(f"{CUSTOMERS}/{bopha}/accounts", headers=officer.headers)).json()
    assert [account["account_id"] for account in accounts] == ["00077"]


async def test_a_customer_of_no_branch_belongs_to_the_branch_of_whoever_turns_out_to_be_them(
    client: AsyncClient, sign_in: SignIn, officer: Person
) -> None:
    admin = await sign_in("admin")
    kept, gone = [
        (await client.post(CUSTOMERS, json={"full_name_latin": name}, headers=person.headers)).json()["id"]
        for person, name in ((admin, "KEO BOPHA"), (officer, "KEO BOPHANY"))
    ]
    body = {"customer_id": gone, "reason": "Written twice"}
    merged = await client.post(f"{CUSTOMERS}/{kept}/merge", json=body, headers=admin.headers)
    assert merged.status_code == 200, merged.text
    assert (await client.get(f"{CUSTOMERS}/{kept}", headers=officer.headers)).status_code == 200


async def test_two_who_turned_out_to_be_one_stay_one_under_either_name(
    client: AsyncClient, officer: Person, draft: Draft, merge: Merge
) -> None:
    married = {"full_name_khmer": "", "full_name_latin": "SOK CHANTHY", "date_of_birth": "1990-04-13"}
    maiden = {"full_name_khmer": "", "full_name_latin": "KEO BOPHA", "date_of_birth": "1985-02-28"}
    first = await draft(officer, **married, id_number="010234561", phone="")
    second = await draft(officer, **maiden, id_number="010234562", phone="")
    kept = first["customer_id"]
    await merge(kept, second["customer_id"])
    changed = await client.put(f"{URL}/{second['id']}", json={"phone": "012 999 888"}, headers=officer.headers)
    assert (changed.status_code, changed.json()["customer_id"]) == (200, kept), changed.text
    assert (await draft(officer, **maiden, id_number="010234562", phone=""))["customer_id"] == kept
    stranger = maiden | {"full_name_latin": "LY MALIS", "date_of_birth": "1971-01-01"}
    assert (await draft(officer, **stranger, id_number="010234562", phone=""))["customer_id"] != kept


async def test_a_merge_gives_way_to_colleagues_who_keep_writing_down_loans_of_a_customer(
    client: AsyncClient, officer: Person, manager: Person, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def another_each_time(*_: object) -> frozenset[UUID]:
        return frozenset({uuid4()})

    monkeypatch.setattr(Loanbook, "of", another_each_time)
    loan, known = await draft(officer), await registered(client, officer)
    merge = {"customer_id": loan["customer_id"], "reason": "Written twice"}
    refused = await client.post(f"{CUSTOMERS}/{known}/merge", json=merge, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "Busy"), refused.text
    assert "loans" in refused.json()["detail"]
    still = (await client.get(f"{CUSTOMERS}/{loan['customer_id']}", headers=manager.headers)).json()
    assert still["merged_into"] is None
