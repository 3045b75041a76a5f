"""What a decision leaves behind: on the loan, on record, and for whoever has the loan open."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.events import ApplicationMoved
from lc_workflow.platform.journal.models import JournalEntry
from tests.lending.approvals.steps import BM, RM, Decide, Give, HandOn, Hire, Publish
from tests.lending.steps import URL, Draft, Take

ToReview = Callable[..., Awaitable[dict[str, Any]]]


async def test_a_loan_is_approved_at_the_usual_rate_of_its_product_where_nobody_named_another(
    client: AsyncClient, hire: Hire, to_review: ToReview, decide: Decide
) -> None:
    loan, manager = await to_review(await hire("officer"), await hire("teller"), interest_rate=None), await hire()
    approved = (await decide(manager, loan)).json()
    products = (await client.get("/api/v1/products", headers=manager.headers)).json()["items"]
    (product,) = [product for product in products if product["code"] == loan["product_type"]]
    usual = product["in_force"]["conditions"]["rate_default"]
    assert usual
    assert (loan["interest_rate"], approved["approved_interest_rate"]) == (None, usual)


async def test_conditions_stand_in_the_order_in_which_they_were_set(
    client: AsyncClient, hire: Hire, to_review: ToReview, decide: Decide
) -> None:
    loan, manager = await to_review(await hire("officer"), await hire("teller")), await hire()
    words = [f"{place}. paper" for place in range(1, 7)]
    assert (await decide(manager, loan, "approve_with_conditions", conditions=words)).status_code == 200
    told = (await client.get(f"{URL}/{loan['id']}/decisions", headers=manager.headers)).json()["conditions"]
    assert [condition["text"] for condition in told] == words


async def test_the_journal_says_in_whose_name_a_loan_went_on(
    session: AsyncSession, hire: Hire, to_review: ToReview, decide: Decide, hand_on: HandOn
) -> None:
    loan, manager = await to_review(await hire("officer"), await hire("teller")), await hire()
    await hand_on(manager, deputy := await hire("regional_manager"))
    assert (await decide(deputy, loan)).json()["workflow_status"] == "APPROVED"
    moved = select(JournalEntry).where(JournalEntry.kind == ApplicationMoved.__name__)
    entry = (await session.scalars(moved.order_by(JournalEntry.number.desc()))).first()
    assert entry is not None
    assert (entry.actor_id, entry.on_behalf_of) == (deputy.user.id, manager.user.id)


async def test_the_journal_keeps_the_reason_of_each_step_that_needs_one(
    session: AsyncSession, hire: Hire, to_review: ToReview, take: Take, hand_on: HandOn
) -> None:
    officer, manager = await hire("officer"), await hire()
    loan = await to_review(officer, await hire("teller"))
    for person, action in (
        (manager, "approve"),
        (manager, "undo_approval"),
        (manager, "return"),
        (officer, "withdraw"),
        (officer, "reopen"),
    ):
        said = {} if action == "approve" else {"reason": f"Why {action}"}
        assert (await take(person, loan, action, **said)).status_code == 200, action
    await hand_on(manager, await hire("regional_manager"), reason="In hospital")
    kinds = JournalEntry.kind.in_(["ApplicationMoved", "RoleDelegated"])
    reasons = await session.scalars(select(JournalEntry.reason).where(kinds).order_by(JournalEntry.number.desc()))
    assert list(reasons)[:6] == ["In hospital", "Why reopen", "Why withdraw", "Why return", "Why undo_approval", None]


async def test_whoever_has_a_loan_open_hears_that_somebody_has_voted_meanwhile(
    client: AsyncClient, hire: Hire, to_review: ToReview, decide: Decide, publish: Publish
) -> None:
    await publish()
    loan, manager = await to_review(await hire("officer"), await hire("teller")), await hire()
    opened = (await client.get(f"{URL}/{loan['id']}", headers=manager.headers)).headers["etag"]
    assert (await decide(manager, loan)).json()["workflow_status"] == "MANAGER_REVIEW"
    refused = await client.post(
        f"{URL}/{loan['id']}/actions/return", json={"reason": "Late"}, headers=manager.headers | {"If-Match": opened}
    )
    assert refused.status_code == 412, refused.text


@pytest.mark.parametrize("prepared", ["submit", "start", "send_to_review"])
async def test_whoever_took_a_step_that_prepares_a_loan_does_not_decide_it_though_they_have_the_authority(
    hire: Hire, give: Give, draft: Draft, take: Take, decide: Decide, prepared: str
) -> None:
    officer, teller = await hire("officer"), await hire("teller")
    colleague = await give(await hire("officer" if prepared == "submit" else "teller"), "manager")
    loan = await draft(officer)
    for person, action, said in (
        (officer, "submit", {}),
        (teller, "start", {}),
        (teller, "send_to_review", {"account_id": "00012345"}),
    ):
        assert (await take(colleague if action == prepared else person, loan, action, **said)).status_code == 200
    refused = await decide(colleague, loan)
    assert (refused.status_code, refused.json()["code"]) == (403, "SodMaker")
    other = await give(await hire("teller"), "manager")
    assert (await decide(other, loan)).json()["workflow_status"] == "APPROVED"


async def test_a_loan_whose_form_calls_it_risky_waits_for_the_region_too(
    client: AsyncClient, hire: Hire, to_review: ToReview, publish: Publish, sheet: Any
) -> None:
    rules = [{"priority": 1, "when": {"risks": ["high"]}, "stages": [BM, RM]}, {"priority": 2, "stages": [BM]}]
    await publish(rules=rules)
    officer, teller, manager = await hire("officer"), await hire("teller"), await hire()
    risky = await to_review(officer, teller, risk_category="high")
    assert [stage["code"] for stage in (await sheet(manager, risky))["stages"]] == ["BM", "RM"]
