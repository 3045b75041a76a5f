"""Two loans bring new numbers of the same people at once, each the borrower of one and the guarantor of the other."""

import asyncio
from collections.abc import Sequence

from httpx import AsyncClient
from sqlalchemy import NullPool, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.lending.customers.models import Customer
from tests.journey.town import Town, sign_in
from tests.lending.customers.test_merging_together import a_telephone
from tests.lending.steps import URL
from tests.moments import NOON
from tests.servers.databases import until_somebody_waits

NAMES = "KEO BOPHA", "SOK DARA"
KNOWN = ("+85512000001", "+85512000002"), ("+85512000003", "+85512000004")
"""The telephones of each, of which every loan names another."""


def loan(borrower: int, guarantor: int, number: int) -> dict[str, object]:
    return {
        "full_name_latin": NAMES[borrower],
        "phone": KNOWN[borrower][number],
        "id_card_type": "passport",
        "id_number": f"N{borrower}{number}",
        "guarantor_name": NAMES[guarantor],
        "guarantor_phone": KNOWN[guarantor][number],
        "guarantor_id_number": f"01000000{guarantor}",
        "requested_amount": 100,
    }


async def test_people_who_stand_in_for_each_other_are_known_by_more_after_both_drafts(
    houses: Sequence[AsyncClient], town: Town
) -> None:
    engine = create_async_engine(town.database, poolclass=NullPool)
    officer = await sign_in(houses[0], "officer")
    dated = {"branch_id": town.branch_id, "created_at": NOON, "updated_at": NOON}
    async with AsyncSession(engine) as rows, rows.begin():
        rows.add_all(people := [Customer(full_name_latin=name, **dated) for name in NAMES])
        await rows.flush()
        rows.add_all(a_telephone(one, number) for one, theirs in zip(people, KNOWN, strict=True) for number in theirs)
    async with engine.connect() as counter:  # holds both up until each has begun
        await counter.execute(select(Customer.id).with_for_update())
        drafts = [
            asyncio.create_task(house.post(URL, json=wish, headers=officer))
            for house, wish in zip(houses, (loan(0, 1, 0), loan(1, 0, 1)), strict=True)
        ]
        await until_somebody_waits(counter, people=2)
        await counter.rollback()
    answers = [await draft for draft in drafts]
    assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]
    await engine.dispose()
