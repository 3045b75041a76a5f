"""Decisions that no longer count are on record with whoever brought it about."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.events import DecisionsVoided
from lc_workflow.platform.journal.models import JournalEntry
from tests.lending.approvals.steps import Decide, Give, Hire, Publish
from tests.lending.steps import Take

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
