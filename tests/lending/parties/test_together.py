"""Colleagues change who and what stands behind one loan at the same moment: nothing they wrote is lost."""

from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.rules.backing import PartyRole
from tests.journey.town import Town, sign_in
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.moments import NOON
from tests.servers.databases import all_at_once


@pytest.fixture
async def loan(town_engine: AsyncEngine, town: Town) -> CustomerApplication:
    """A draft of the town's officer."""
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
        rows.add(draft := an_application(town.officer_id, branch_id=town.branch_id))
    return draft


async def test_of_two_who_bring_the_fiftieth_at_that_moment_one_comes_too_late(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine, loan: CustomerApplication
) -> None:
    known = {"application_id": loan.id, "role": PartyRole.GUARANTOR, "created_at": NOON, "updated_at": NOON}
    async with AsyncSession(town_engine) as rows, rows.begin():
        rows.add_all(Party(full_name_latin="KEO BOPHA", position=place, **known) for place in range(49))
    headers = await sign_in(houses[0], "officer")
    joined = await all_at_once(
        town_engine,
        "application_parties",
        *(
            house.post(f"{URL}/{loan.id}/parties", json={"role": "guarantor", "full_name_latin": name}, headers=headers)
            for house, name in zip(houses, ("SAO DARA", "SOK VANNA"), strict=True)
        ),
    )
    said = sorted((answer.status_code, answer.json().get("code", "")) for answer in joined)
    assert said == [(201, ""), (422, "TooManyBehind")]
    async with AsyncSession(town_engine) as rows:
        assert await rows.scalar(select(func.count()).where(Party.application_id == loan.id)) == 50


async def test_what_two_find_out_about_one_pledge_at_that_moment_is_kept(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine, loan: CustomerApplication
) -> None:
    headers = await sign_in(houses[0], "officer")
    pledged: dict[str, Any] = {"collateral_type": "vehicle", "description": "Honda Dream"}
    made = await houses[0].post(f"{URL}/{loan.id}/collaterals", json=pledged, headers=headers)
    assert made.status_code == 201, made.text
    found: tuple[dict[str, Any], ...] = ({"estimated_value": 900}, {"description": "Honda Dream 2019"})
    changed = await all_at_once(
        town_engine,
        "collateral",
        *(
            house.patch(f"{URL}/{loan.id}/collaterals/{made.json()['id']}", json=change, headers=headers)
            for house, change in zip(houses, found, strict=True)
        ),
    )
    assert [answer.status_code for answer in changed] == [200, 200]
    (now,) = (await houses[0].get(f"{URL}/{loan.id}/collaterals", headers=headers)).json()
    assert (now["estimated_value"], now["description"]) == (900, "Honda Dream 2019")
