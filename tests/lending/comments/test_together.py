"""Somebody says something about a draft that is thrown away at that moment: it is not there, as for everybody else."""

import asyncio
from collections.abc import Sequence

from httpx import AsyncClient
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from tests.journey.town import Town, sign_in
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.servers.databases import until_somebody_waits


async def test_nothing_is_said_about_a_draft_that_is_thrown_away_at_that_moment(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
        rows.add(draft := an_application(town.officer_id, branch_id=town.branch_id))
    headers = await sign_in(houses[0], "officer")
    async with town_engine.connect() as throwing_away:
        await throwing_away.execute(delete(CustomerApplication).where(CustomerApplication.id == draft.id))
        said = asyncio.create_task(
            houses[0].post(f"{URL}/{draft.id}/comments", json={"text": "Is she in?"}, headers=headers)
        )
        await until_somebody_waits(throwing_away)
        await throwing_away.commit()
    answer = await said
    assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
