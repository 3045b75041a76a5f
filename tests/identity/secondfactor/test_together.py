"""Somebody comes through two doors at the same moment: a code opens once, and each wrong one is counted."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.identity.secondfactor.models import SecondFactor
from lc_workflow.identity.users.models import User
from tests.identity.factories import PASSWORD
from tests.identity.secondfactor.test_controllers import AUTH, FACTOR, code_at, pass_on
from tests.journey.town import sign_in
from tests.servers.databases import all_at_once


@pytest.fixture
async def secret(houses: Sequence[AsyncClient], town_engine: AsyncEngine) -> str:
    """The secret of the teller's second factor, which was set up before."""
    teller = await sign_in(houses[0], "teller")
    begun = (await houses[0].post(FACTOR, json={"password": PASSWORD}, headers=teller)).json()
    code = code_at(begun["secret"], datetime.now(UTC))
    assert (await houses[0].post(f"{FACTOR}/confirm", json={"code": code}, headers=teller)).status_code == 200
    async with AsyncSession(town_engine) as rows, rows.begin():
        await rows.execute(update(SecondFactor).values(last_step=None))
    return str(begun["secret"])


async def waiting(house: AsyncClient) -> str:
    """Begin to sign in; answers the challenge that waits for a code."""
    answer = await house.post(f"{AUTH}/login", data={"username": "teller", "password": PASSWORD})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["challenge"])


async def test_a_code_that_comes_twice_at_that_moment_opens_once(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine, secret: str
) -> None:
    challenges = [await waiting(house) for house in houses]
    code = code_at(secret, datetime.now(UTC))
    entries = await all_at_once(
        town_engine,
        "second_factors",
        *(pass_on(house, challenge, code) for house, challenge in zip(houses, challenges, strict=True)),
    )
    assert sorted((entry.status_code, entry.json().get("code", "")) for entry in entries) == [
        (200, ""),
        (401, "WrongCode"),
    ]


async def test_wrong_codes_that_come_at_that_moment_are_all_counted(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine, secret: str
) -> None:
    challenges = [await waiting(house) for house in houses]
    entries = await all_at_once(
        town_engine,
        "users",
        *(pass_on(house, challenge, "a guess") for house, challenge in zip(houses, challenges, strict=True)),
    )
    assert {entry.json()["code"] for entry in entries} == {"WrongCode"}
    async with AsyncSession(town_engine) as rows:
        assert await rows.scalar(select(User.failed_login_attempts).where(User.username == "teller")) == len(houses)
