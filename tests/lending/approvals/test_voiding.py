"""Decisions that no longer count are on record with whoever brought it about."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.approvals.service import ApprovalService
from lc_workflow.lending.events import DecisionsVoided
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.journal.models import JournalEntry
from tests.lending.approvals.steps import BM, COMMITTEE, RM, Decide, Give, Hire, Publish
from tests.lending.factories import an_application
from tests.lending.steps import URL, Take
from tests.moments import NOON

ToReview = Callable[..., Awaitable[dict[str, Any]]]
Voided = Callable[[], Awaitable[list[tuple[UUID | None, str]]]]


@pytest.fixture
def voided(session: AsyncSession) -> Voided:
    """Who brought it about that decisions no longer count, and why they do not."""

    async def voided() -> list[tuple[UUID | None, str]]:
        kind = JournalEntry.kind == DecisionsVoided.__name__
        entries = await session.scalars(select(JournalEntry).where(kind).order_by(JournalEntry.number))
        return [(entry.actor_id, entry.facts["reason"]) for entry in entries]

    return voided


async def test_whoever_makes_decisions_void_is_on_record_with_it(
    hire: Hire, to_review: ToReview, decide: Decide, publish: Publish, give: Give, take: Take,
    voided: Voided,
) -> None:  # fmt: skip
    await publish()
    officer, teller, manager = await hire("officer"), await hire("teller"), await hire()
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    loan = await to_review(officer, teller)
    await decide(manager, loan)
    await decide(regional, loan, "counter_offer", approved_amount=900)
    await decide(manager, loan)
    assert (await take(manager, loan, "undo_approval", reason="The wrong amount")).status_code == 200
    await decide(manager, loan)
    assert await voided() == [
        (regional.user.id, "Other terms were offered."),
        (manager.user.id, "The approval was undone."),
    ]


async def test_whoever_sends_a_loan_on_otherwise_or_judges_it_makes_decisions_void_in_their_own_name(
    client: AsyncClient, session: AsyncSession, hire: Hire, to_review: ToReview, decide: Decide, publish: Publish,
    give: Give, take: Take, voided: Voided,
) -> None:  # fmt: skip
    await publish(BM, RM, surcharges=[{"stage": {"code": "RISK", "role": "risk_officer", "scope": "organisation"}}])
    officer, teller, manager = await hire("officer"), await hire("teller"), await hire()
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    other = await to_review(officer, teller, id_number="010234561", phone="+85512345671", account_id="1")
    loan = await to_review(officer, teller)

    async def sent_back_and_on(change: dict[str, Any] | None = None, **recommended: Any) -> None:
        assert (await decide(regional, loan, "return", reason="Look again")).status_code == 200
        if change:
            changed = await client.put(f"{URL}/{loan['id']}", json=change, headers=officer.headers)
            assert changed.status_code == 200, changed.text
        for person, action, said in (
            (officer, "submit", {}),
            (teller, "start", {}),
            (teller, "send_to_review", recommended),
        ):
            assert (await take(person, loan, action, **said)).status_code == 200

    async def judged(loan: dict[str, Any]) -> None:
        answer = await client.post(f"{URL}/{loan['id']}/affordability", json={}, headers=teller.headers)
        assert answer.json()["verdict"] == "REFER", answer.text

    await decide(manager, loan)
    await sent_back_and_on(recommended_amount=1500.5)
    assert await voided() == [], "for those are the terms that were agreed to"
    await sent_back_and_on(recommended_amount=1200)
    await decide(manager, loan)
    await sent_back_and_on({"requested_amount": 1100})
    await decide(manager, loan)
    await judged(loan)
    await ApprovalService(session).hear_of_judgement(UUID(loan["id"]), by=teller.user.id, at=NOON)
    await session.commit()
    for _ in range(2):
        assert (await decide(manager, other)).status_code == 200
        await judged(other)
    assert await voided() == [
        (teller.user.id, "Other terms were recommended."),
        (officer.user.id, "The application changed."),
        (teller.user.id, "Another path is demanded now."),
        (manager.user.id, "Another path is demanded now."),
    ]


async def test_what_a_customer_comes_to_owe_later_takes_nothing_from_a_loan_that_is_approved(
    session: AsyncSession, hire: Hire, to_review: ToReview, decide: Decide, publish: Publish, give: Give,
    voided: Voided,
) -> None:  # fmt: skip
    await publish(basis="exposure")
    officer, teller, manager = await hire("officer"), await hire("teller"), await hire()
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    first, second = [await to_review(officer, teller, requested_amount=600) for _ in range(2)]
    for person, loan in ((manager, first), (manager, second), (regional, second)):
        decided = await decide(person, loan)
        assert decided.status_code == 200, decided.text
    await ApprovalService(session).hear_of_judgement(UUID(first["id"]), by=None, at=NOON)
    await session.commit()
    assert await voided() == []


async def test_a_loan_that_another_path_waits_for_is_decided_on_what_was_asked_for_and_by_all_who_decide_on_that(
    session: AsyncSession, hire: Hire, to_review: ToReview, decide: Decide, publish: Publish, sheet: Any
) -> None:
    limits = ((1000, [COMMITTEE]), (1200, [BM]), (None, [BM, RM]))
    rules = [
        {"priority": priority, "when": {"max_amount": most} if most else {}, "stages": stages}
        for priority, (most, stages) in enumerate(limits, start=1)
    ]
    await publish(basis="exposure", rules=rules)
    officer, manager = await hire("officer"), await hire()
    loan = await to_review(officer, await hire("teller"))
    assert (await decide(manager, loan, "counter_offer", approved_amount=900)).status_code == 200
    granted = {"workflow_status": Stage.APPROVED, "approved_amount": 200, "customer_id": UUID(loan["customer_id"])}
    session.add(an_application(officer.user.id, **granted))
    await session.commit()
    await ApprovalService(session).hear_of_judgement(UUID(loan["id"]), by=None, at=NOON)
    await session.commit()
    seen = await sheet(manager, loan)
    assert (seen["terms"]["amount"], [stage["code"] for stage in seen["stages"]]) == (1500.5, ["BM", "RM"])
