"""Whoever recused themselves from a loan, or stands in for it, has no hand in it: neither by papers nor by money."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient, Response

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import Decide, HandOn
from tests.lending.checklist.steps import hand_in, put_in_force, verify
from tests.lending.steps import URL
from tests.lending.tasks.test_controllers import queue
from tests.moments import NOON

ToReview = Callable[..., Awaitable[dict[str, Any]]]
WAIVER = {"rule": "PHOTOS", "reason": "She has moved.", "ends_on": str(NOON.date())}
RULES = (
    {"code": "NID", "document_type": "borrower_id_card", "whom": "borrower", "gate": "disburse", "verified": True},
    {"code": "PHOTOS", "document_type": "property_photos", "whom": "application", "gate": "disburse", "waivable": True},
)


@pytest.fixture
async def cousin(sign_in: SignIn, branch: Branch) -> Person:
    """Another manager, whose cousin borrows."""
    return await sign_in("manager", branch_id=branch.id)


def code(answer: Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


async def test_whoever_recused_themselves_says_nothing_of_papers_conditions_and_payments(
    client: AsyncClient, admin: Person, officer: Person, teller: Person, manager: Person, cousin: Person,
    to_review: ToReview, decide: Decide,
) -> None:  # fmt: skip
    await put_in_force(client, admin, *RULES)
    loan = await to_review(officer, teller)
    paper = await hand_in(client, officer, loan, "borrower_id_card")
    assert (await decide(cousin, loan, "recuse", reason="My cousin")).status_code == 200
    refused = (403, "SodRepeat")
    checklist = f"{URL}/{loan['id']}/checklist"
    assert code(await verify(client, cousin, loan, paper, verdict="accepted")) == refused
    assert code(await client.post(f"{checklist}/waivers", json=WAIVER, headers=cousin.headers)) == refused

    waived = await client.post(f"{checklist}/waivers", json=WAIVER, headers=manager.headers)
    (waiver,) = waived.json()["waivers"]
    assert code(await client.delete(f"{checklist}/waivers/{waiver['id']}", headers=cousin.headers)) == refused
    assert (await verify(client, manager, loan, paper, verdict="accepted")).status_code == 200

    await decide(manager, loan, "approve_with_conditions", conditions=["Land title deposited"])
    sheet = (await client.get(f"{URL}/{loan['id']}/decisions", headers=cousin.headers)).json()
    close = f"{URL}/{loan['id']}/conditions/{sheet['conditions'][0]['id']}/close"
    assert code(await client.post(close, headers=cousin.headers)) == refused
    assert (await client.post(close, headers=teller.headers)).status_code == 200

    assert loan["id"] not in {task["application_id"] for task in await queue(client, cousin, "claimable")}
    request = f"{URL}/{loan['id']}/disbursement-requests"
    assert code(await client.post(request, headers=cousin.headers)) == refused
    asked = await client.post(request, headers=teller.headers)
    assert asked.status_code in {200, 201, 202}, asked.text
    paid = {"amount": 1500.5, "currency": "USD", "paid_on": str(NOON.date()), "reference": "T1"}
    confirm = f"/api/v1/disbursement-requests/{asked.json()['id']}/confirm"
    assert code(await client.post(confirm, json=paid, headers=cousin.headers)) == refused

    comment = await client.post(f"{URL}/{loan['id']}/comments", json={"text": "My cousin."}, headers=cousin.headers)
    assert comment.status_code == 201, "a note decides nothing"


async def test_whoever_stands_in_for_a_loan_judges_no_paper_of_it_and_confirms_no_payment(
    client: AsyncClient, admin: Person, officer: Person, teller: Person, manager: Person, sign_in: SignIn,
    branch: Branch, to_review: ToReview, decide: Decide,
) -> None:  # fmt: skip
    await put_in_force(client, admin, *RULES)
    guarantor = await sign_in("manager", branch_id=branch.id, phone_number="+85512999111")
    loan = await to_review(officer, teller, guarantor_name="KEO BOPHA", guarantor_phone="012 999 111")
    paper = await hand_in(client, officer, loan, "borrower_id_card")
    refused = (403, "SodParty")
    assert code(await verify(client, guarantor, loan, paper, verdict="accepted")) == refused
    waivers = f"{URL}/{loan['id']}/checklist/waivers"
    assert code(await client.post(waivers, json=WAIVER, headers=guarantor.headers)) == refused
    assert (await client.post(waivers, json=WAIVER, headers=manager.headers)).status_code == 201
    assert (await verify(client, manager, loan, paper, verdict="accepted")).status_code == 200
    await decide(manager, loan, "approve")
    asked = await client.post(f"{URL}/{loan['id']}/disbursement-requests", headers=teller.headers)
    paid = {"amount": 1500.5, "currency": "USD", "paid_on": str(NOON.date()), "reference": "T1"}
    confirm = f"/api/v1/disbursement-requests/{asked.json()['id']}/confirm"
    assert code(await client.post(confirm, json=paid, headers=guarantor.headers)) == refused
    assert (await client.post(confirm, json=paid, headers=manager.headers)).status_code == 200


async def test_whoever_recused_themselves_while_standing_in_keeps_nobody_else_away(
    client: AsyncClient, officer: Person, teller: Person, manager: Person, sign_in: SignIn, branch: Branch,
    to_review: ToReview, decide: Decide, hand_on: HandOn,
) -> None:  # fmt: skip
    """It is the deputy's cousin; the manager, who is back tomorrow, does not know her."""
    deputy = await sign_in("officer", branch_id=branch.id)
    await hand_on(manager, deputy)
    loan = await to_review(officer, teller)
    recused = await decide(deputy, loan, "recuse", reason="My cousin")
    assert recused.status_code == 200, recused.text
    assert await queue(client, deputy, "claimable") == []
    assert code(await decide(deputy, loan)) == (403, "SodRepeat")
    assert len(await queue(client, manager, "claimable")) == 1
    decided = await decide(manager, loan)
    assert (decided.status_code, decided.json().get("workflow_status")) == (200, "APPROVED"), decided.text


async def test_nobody_stands_in_for_whoever_recused_themselves(
    officer: Person, teller: Person, cousin: Person, sign_in: SignIn, branch: Branch,
    to_review: ToReview, decide: Decide, hand_on: HandOn,
) -> None:  # fmt: skip
    deputy = await sign_in("officer", branch_id=branch.id)
    loan = await to_review(officer, teller)
    await decide(cousin, loan, "recuse", reason="My cousin")
    await hand_on(cousin, deputy)
    assert code(await decide(deputy, loan)) == (403, "SodRepeat")
