"""A decision is offered to whoever it waits for, also when another loan of the same people changes who that is."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.engagement.conftest import Tell, sent, tell
from tests.lending.approvals.steps import BM, COMMITTEE, Decide, Give, HandOn, Publish
from tests.lending.steps import Take
from tests.lending.tasks.test_controllers import do, queue

__all__ = ["sent", "tell"]

ToReview = Callable[..., Awaitable[dict[str, Any]]]
OTHER = {
    "id_number": "020345678",
    "full_name_latin": "KEO BOPHA",
    "full_name_khmer": "",
    "phone": "",
    "account_id": "2",
}
BY_WHAT_THEY_OWE = {
    "basis": "exposure",
    "rules": [
        {"priority": 10, "when": {"max_amount": 1000}, "stages": [BM]},
        {"priority": 90, "when": {}, "stages": [COMMITTEE | {"quorum": 1}]},
    ],
}


@pytest.fixture
async def member(sign_in: SignIn, branch: Branch, give: Give, publish: Publish) -> Person:
    """Somebody of the committee, which decides on whoever would owe more than a thousand."""
    await publish(**BY_WHAT_THEY_OWE)
    return await give(await sign_in("officer", branch_id=branch.id), "credit_committee")


async def test_a_second_loan_waits_for_the_committee_once_the_first_is_approved(
    client: AsyncClient, officer: Person, teller: Person, manager: Person, member: Person, to_review: ToReview,
    decide: Decide, take: Take, tell: Tell,
) -> None:  # fmt: skip
    first = await to_review(officer, teller, requested_amount=800)
    second = await to_review(officer, teller, requested_amount=700)

    async def offered(person: Person) -> set[str]:
        await tell()
        return {task["application_id"] for task in await queue(client, person, "claimable", stage="MANAGER_REVIEW")}

    assert await offered(manager) == {first["id"], second["id"]}
    assert (await decide(manager, first)).json()["workflow_status"] == "APPROVED"
    assert (await offered(manager), await offered(member)) == (set(), {second["id"]})
    assert (await take(manager, first, "undo_approval", reason="Not yet")).status_code == 200
    assert (await offered(manager), await offered(member)) == ({first["id"], second["id"]}, set())


async def test_a_loan_waits_for_the_committee_once_its_customer_is_found_to_owe_another(
    client: AsyncClient, officer: Person, teller: Person, manager: Person, member: Person, to_review: ToReview,
    decide: Decide, tell: Tell,
) -> None:  # fmt: skip
    first = await to_review(officer, teller, requested_amount=800)
    second = await to_review(officer, teller, requested_amount=700, **OTHER)
    await decide(manager, first)
    body = {"customer_id": first["customer_id"], "reason": "Two papers of one person"}
    merged = await client.post(f"/api/v1/customers/{second['customer_id']}/merge", json=body, headers=manager.headers)
    assert merged.status_code == 200, merged.text
    await tell()
    assert await queue(client, manager, "claimable", stage="MANAGER_REVIEW") == []
    (task,) = await queue(client, member, "claimable", stage="MANAGER_REVIEW")
    assert task["application_id"] == second["id"]
    assert (await decide(member, second)).json()["workflow_status"] == "APPROVED"


async def test_a_manager_who_turns_out_to_stand_in_for_a_loan_is_offered_its_decision_no_more(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, teller: Person, manager: Person,
    to_review: ToReview, tell: Tell,
) -> None:  # fmt: skip
    guarantor = await sign_in("manager", branch_id=branch.id, phone_number="096 123 4567")
    loan = await to_review(officer, teller, guarantor_name="KEO BOPHANY", guarantor_id_number="N2")
    known = {"full_name_latin": "KEO BOPHA", "phones": ["+855961234567"]}
    kept = (await client.post("/api/v1/customers", json=known, headers=officer.headers)).json()["id"]
    assert len(await queue(client, guarantor, "claimable")) == 1
    body = {"customer_id": loan["parties"][0]["customer_id"], "reason": "Written twice"}
    merged = await client.post(f"/api/v1/customers/{kept}/merge", json=body, headers=manager.headers)
    assert merged.status_code == 200, merged.text
    await tell()
    assert await queue(client, guarantor, "claimable") == []
    assert len(await queue(client, manager, "claimable")) == 1


async def test_whoever_becomes_a_party_while_a_decision_waits_is_not_offered_it(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, teller: Person, to_review: ToReview,
    decide: Decide, tell: Tell, announced: Callable[[], Awaitable[list[str]]],
) -> None:  # fmt: skip
    loan = await to_review(officer, teller, guarantor_name="KEO BOPHA", guarantor_phone="+855961234567")
    guarantor = f"/api/v1/customers/{loan['parties'][0]['customer_id']}"
    boss, first, second = (
        await sign_in("admin"),
        *[
            await sign_in("manager", branch_id=branch.id, phone_number=number)
            for number in ("012 000 001", "096 123 4568")
        ],
    )
    third = await sign_in("teller", branch_id=branch.id, phone_number="096 123 4567")
    (task,) = await queue(client, first, "claimable")
    assert (await do(client, first, task, "claim")).status_code == 200

    changes: list[tuple[Person, Person, str, dict[str, Any]]] = [
        (first, first, f"/api/v1/users/{first.user.id}", {"phone_number": "096 123 4567"}),
        (second, officer, guarantor, {"phones": ["096 123 4567", "096 123 4568"]}),
        (third, boss, f"/api/v1/users/{third.user.id}", {"role": "manager"}),
    ]
    for person, by, url, fields in changes:
        changed = await client.patch(url, json=fields, headers=by.headers)
        assert changed.status_code == 200, changed.text
        await tell()
        assert [*await queue(client, person, "mine"), *await queue(client, person, "claimable")] == [], fields
        assert (await decide(person, loan)).json()["code"] == "SodParty", fields
    assert (await announced()).count("TaskReleased") == 1


async def test_a_stand_in_is_offered_what_whom_they_stand_in_for_may_approve(
    client: AsyncClient, officer: Person, teller: Person, manager: Person, sign_in: SignIn, branch: Branch,
    to_review: ToReview, publish: Publish, give: Give, tell: Tell, hand_on: HandOn,
) -> None:  # fmt: skip
    await publish(BM, needs_limit=True)
    deputy = await sign_in("officer", branch_id=branch.id)
    await hand_on(manager, deputy, limits={"USD": 9_000})
    loan = await to_review(officer, teller, requested_amount=800)

    async def offered() -> set[str]:
        await tell()
        return {task["application_id"] for task in await queue(client, deputy, "claimable", stage="MANAGER_REVIEW")}

    assert await offered() == set()
    await give(manager, "manager", reach="branch", branch_id=str(branch.id), limits={"USD": 5_000})
    assert await offered() == {loan["id"]}
