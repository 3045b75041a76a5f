"""Two people at the same application at the same moment: exactly one of them acts."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from itertools import cycle
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.workflow.models import Move
from lc_workflow.platform.journal.models import JournalEntry
from tests.journey.town import Town, sign_in
from tests.lending.factories import an_application
from tests.lending.steps import URL

TIMES = 100

APPROVE: tuple[str, str, dict[str, object]] = ("PATCH", "approve", {"approved_amount": 90})
DOORS: tuple[tuple[tuple[str, str, dict[str, object]], ...], ...] = (
    (APPROVE, ("PATCH", "reject", {"rejection_reason": "No"})),
    (APPROVE, APPROVE),
    (
        ("POST", "workflow/transition", {"new_status": "APPROVED"}),
        ("POST", "actions/reject", {"reason": "No"}),
    ),
    (
        ("POST", "actions/approve", {}),
        ("POST", "workflow/transition", {"new_status": "REJECTED", "notes": "No"}),
    ),
)
"""What two managers do at the same moment, through which doors."""


@pytest.fixture
async def rows(town_engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A look at the town's rows."""
    async with AsyncSession(town_engine, expire_on_commit=False) as session:
        yield session


async def many(rows: AsyncSession, town: Town, **changes: Any) -> list[UUID]:
    """Write down a hundred applications."""
    made = [
        an_application(town.officer_id, branch_id=town.branch_id, requested_amount=100, **changes) for _ in range(TIMES)
    ]
    rows.add_all(made)
    await rows.commit()
    return [application.id for application in made]


def outcomes(pairs: Sequence[Sequence[Response]]) -> Counter[tuple[int, ...]]:
    """How often which two statuses came together, the lower first."""
    return Counter(tuple(sorted(answer.status_code for answer in pair)) for pair in pairs)


async def test_two_managers_decide_once(houses: Sequence[AsyncClient], rows: AsyncSession, town: Town) -> None:
    waiting = await many(rows, town, workflow_status=Stage.MANAGER_REVIEW, account_id="1")
    first, second = [await sign_in(house, name) for house, name in zip(houses, town.managers, strict=True)]
    pairs = []
    for application_id, (one, other) in zip(waiting, cycle(DOORS), strict=False):
        wishes = ((houses[0], one, first), (houses[1], other, second))
        pairs.append(
            await asyncio.gather(
                *(
                    house.request(method, f"{URL}/{application_id}/{door}", json=body, headers=who)
                    for house, (method, door, body), who in wishes
                )
            )
        )
    assert outcomes(pairs) == {(200, 422): TIMES}
    late = [answer.json()["code"] for pair in pairs for answer in pair if answer.status_code != 200]
    assert set(late) == {"NoSuchStep"}

    decisions = Counter(await rows.scalars(select(Move.application_id)))
    assert decisions == dict.fromkeys(waiting, 1)
    told = Counter(await rows.scalars(select(JournalEntry.subject_id).where(JournalEntry.kind == "ApplicationMoved")))
    assert told == dict.fromkeys(waiting, 1)
    for pair, application_id in zip(pairs, waiting, strict=True):
        (said,) = [answer.json()["workflow_status"] for answer in pair if answer.status_code == 200]
        application = await rows.get_one(CustomerApplication, application_id, populate_existing=True)
        assert application.workflow_status == said
        assert (application.approved_by is None) != (application.rejected_by is None)


async def test_two_tellers_send_an_application_on_once(
    houses: Sequence[AsyncClient], rows: AsyncSession, town: Town
) -> None:
    waiting = await many(rows, town, workflow_status=Stage.TELLER_PROCESSING)
    officer, teller = [await sign_in(house, name) for house, name in zip(houses, ("officer", "teller"), strict=True)]
    pairs = [
        await asyncio.gather(
            *(
                house.post(f"{URL}/{at}/actions/send_to_review", json={"account_id": number}, headers=who)
                for house, who, number in zip(houses, (officer, teller), ("1", "2"), strict=True)
            )
        )
        for at in waiting
    ]
    assert outcomes(pairs) == {(200, 422): TIMES}


async def test_two_forms_of_the_same_version_are_saved_once(
    houses: Sequence[AsyncClient], rows: AsyncSession, town: Town
) -> None:
    drafts = await many(rows, town)
    officers = [
        await sign_in(house, name) | {"If-Match": '"1"'}
        for house, name in zip(houses, ("officer", "second_officer"), strict=True)
    ]
    pairs = [
        await asyncio.gather(
            *(
                house.put(f"{URL}/{at}", json={"village": who["Authorization"][-20:]}, headers=who)
                for house, who in zip(houses, officers, strict=True)
            )
        )
        for at in drafts
    ]
    assert outcomes(pairs) == {(200, 412): TIMES}
