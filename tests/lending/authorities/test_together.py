"""Authority that is given or handed on at the same moment, in two processes: once, and nobody waits for ever."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.identity.users.models import User
from tests.journey.town import Town, sign_in
from tests.lending.approvals.steps import AUTHORITIES, DELEGATIONS
from tests.servers.databases import all_at_once, until_somebody_waits


@pytest.fixture
async def managers(town_engine: AsyncEngine, town: Town) -> Sequence[User]:
    """The town's managers, in the order of their ids."""
    async with AsyncSession(town_engine) as rows:
        found = await rows.scalars(select(User).where(User.username.in_(town.managers)).order_by(User.id))
        return found.all()


def for_a_week(to: User) -> dict[str, Any]:
    begin = datetime.now(UTC) + timedelta(hours=1)
    period = {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(days=7)).isoformat()}
    return {"to_id": str(to.id), "role": "manager", "reason": "Holiday"} | period


def said(answers: Sequence[Response]) -> list[tuple[int, str]]:
    return sorted((answer.status_code, answer.json().get("code", "")) for answer in answers)


async def test_one_person_is_given_an_authority_once_whoever_gives_it_at_that_moment(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine, town: Town, managers: Sequence[User]
) -> None:
    admin = await sign_in(houses[0], "admin")
    wish = {"person_id": str(managers[0].id), "role": "manager", "reach": "branch", "branch_id": str(town.branch_id)}
    given = await all_at_once(
        town_engine,
        "authorities",
        *(
            house.post(AUTHORITIES, json=wish | {"limits": {"USD": limit}}, headers=admin)
            for house, limit in zip(houses, (1000, 9000), strict=True)
        ),
    )
    assert said(given) == [(201, ""), (422, "AuthorityHeld")]


async def test_somebody_stands_in_once_however_often_it_is_pressed(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine, managers: Sequence[User]
) -> None:
    away, deputy = managers
    headers = await sign_in(houses[0], away.username)
    made = await all_at_once(
        town_engine,
        "delegations",
        *(house.post(DELEGATIONS, json=for_a_week(deputy), headers=headers) for house in houses),
    )
    assert said(made) == [(201, ""), (422, "StandsInAlready")]


async def test_two_who_hand_on_to_one_another_at_that_moment_do_not_wait_for_ever(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine, managers: Sequence[User]
) -> None:
    people = [await sign_in(houses[0], manager.username) for manager in managers]
    async with town_engine.connect() as holding:
        await holding.execute(select(User.id).where(User.id == managers[0].id).with_for_update(key_share=True))
        handing_on = [
            asyncio.create_task(house.post(DELEGATIONS, json=for_a_week(other), headers=who))
            for house, who, other in zip(houses, people, reversed(managers), strict=True)
        ]
        await until_somebody_waits(holding, people=2)
        await holding.rollback()
    assert said(await asyncio.gather(*handing_on)) == [(201, ""), (201, "")]
