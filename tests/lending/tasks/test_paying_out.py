"""The work on a loan that waits for its payment: who is offered it, and who follows it up."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.engagement.conftest import Tell, sent, tell
from tests.lending.steps import URL, Take
from tests.lending.tasks.test_controllers import do, queue
from tests.organization.factories import an_employee

__all__ = ["sent", "tell"]

ToReview = Callable[..., Awaitable[dict[str, Any]]]


async def test_whoever_asks_for_a_payment_follows_it_up_and_nobody_else_is_offered_it(
    client: AsyncClient, officer: Person, teller: Person, manager: Person, to_review: ToReview, take: Take,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:  # fmt: skip
    loan = await to_review(officer, teller)
    assert (await take(manager, loan, "approve")).status_code == 200
    (task,) = await queue(client, teller, "claimable")
    assert (await do(client, teller, task, "claim")).status_code == 200

    requests = f"{URL}/{loan['id']}/disbursement-requests"
    asked = await client.post(requests, headers=officer.headers)
    assert asked.status_code == 200, asked.text
    for person in (officer, teller, manager):
        assert await queue(client, person, "claimable") == []
    assert await queue(client, teller, "mine") == []
    (theirs,) = await queue(client, officer, "mine")
    assert (theirs["id"], theirs["due_at"]) == (task["id"], task["due_at"])
    assert (await announced())[-4:] == ["TaskClaimed", "TaskReleased", "TaskClaimed", "DisbursementRequested"]

    assert (await client.post(requests, headers=manager.headers)).json()["id"] == asked.json()["id"]
    failed = f"/api/v1/disbursement-requests/{asked.json()['id']}/fail"
    assert (await client.post(failed, json={"reason": "Closed"}, headers=teller.headers)).status_code == 200
    assert [mine["id"] for mine in await queue(client, officer, "mine")] == [task["id"]]


async def test_whoever_becomes_a_party_while_a_payment_waits_is_not_offered_it(
    client: AsyncClient, officer: Person, teller: Person, manager: Person, sign_in: SignIn, branch: Branch,
    to_review: ToReview, take: Take, tell: Tell, session: AsyncSession,
) -> None:  # fmt: skip
    loan = await to_review(officer, teller, guarantor_name="KEO BOPHA", guarantor_phone="+855961234567")
    assert (await take(manager, loan, "approve")).status_code == 200
    third, boss = await sign_in("teller", branch_id=branch.id), await sign_in("admin")
    session.add(card := an_employee(user_id=third.user.id, branch_id=branch.id))
    await session.commit()
    other = await sign_in("teller", branch_id=branch.id, phone_number="012 000 002")
    (task,) = await queue(client, teller, "claimable")
    assert (await do(client, teller, task, "claim")).status_code == 200
    guarantor = f"/api/v1/customers/{loan['parties'][0]['customer_id']}"
    for person, by, url, fields in (
        (teller, teller, f"/api/v1/users/{teller.user.id}", {"phone_number": "096 123 4567"}),
        (third, boss, f"/api/v1/employees/{card.id}", {"phone_number": "096 123 4567"}),
        (other, officer, guarantor, {"phones": ["096 123 4567", "012 000 002"]}),
    ):
        changed = await client.patch(url, json=fields, headers=by.headers)
        assert changed.status_code == 200, changed.text
        await tell()
        assert [*await queue(client, person, "mine"), *await queue(client, person, "claimable")] == [], fields
        requests = f"{URL}/{loan['id']}/disbursement-requests"
        assert (await client.post(requests, headers=person.headers)).json()["code"] == "SodParty"
    assert [one["id"] for one in await queue(client, manager, "claimable")] == [task["id"]]
