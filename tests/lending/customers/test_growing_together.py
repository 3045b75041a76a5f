"""Two loans bring new numbers of the same people at once, each the borrower of one and the guarantor of the other."""

import asyncio
from collections.abc import Sequence

from httpx import AsyncClient
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.customers.models import Customer, IdentityPaper
from lc_workflow.lending.customers.service import CustomerService, Person
from lc_workflow.lending.customers.service.describing import description_of
from lc_workflow.lending.customers.service.knowing import _lock_of
from lc_workflow.lending.rules.terms import IdCardType
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
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    officer = await sign_in(houses[0], "officer")
    dated = {"branch_id": town.branch_id, "created_at": NOON, "updated_at": NOON}
    async with AsyncSession(town_engine) as rows, rows.begin():
        rows.add_all(people := [Customer(full_name_latin=name, **dated) for name in NAMES])
        await rows.flush()
        rows.add_all(a_telephone(one, number) for one, theirs in zip(people, KNOWN, strict=True) for number in theirs)
    async with town_engine.connect() as counter:  # holds both up until each has begun
        await counter.execute(select(Customer.id).with_for_update())
        drafts = [
            asyncio.create_task(house.post(URL, json=wish, headers=officer))
            for house, wish in zip(houses, (loan(0, 1, 0), loan(1, 0, 1)), strict=True)
        ]
        await until_somebody_waits(counter, people=2)
        await counter.rollback()
    answers = [await draft for draft in drafts]
    assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]


async def test_a_guarantors_other_number_is_changed_while_a_colleague_meets_them_by_both(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine
) -> None:
    """The customer they are has lost the paper at the counter; the loan still names it."""
    officer = await sign_in(houses[0], "officer")
    telephones = (f"+8551200{number:04}" for number in range(100))
    paper = Person(id_card_type=IdCardType.CAMBODIAN_IDENTITY, id_number="010000001")
    phone = next(number for number in telephones if locks_of(paper) < locks_of(Person(phone=number)))
    wish = loan(0, 1, 0) | {"guarantor_id_number": paper.id_number}
    drafted = (await houses[0].post(URL, json=wish, headers=officer)).json()
    async with AsyncSession(town_engine) as rows, town_engine.connect() as counter:
        await rows.execute(delete(IdentityPaper))
        await rows.commit()
        await CustomerService(rows).hold([paper])
        path, change = f"{URL}/{drafted['id']}", {"guarantor_phone": phone}
        changing = asyncio.create_task(houses[1].put(path, json=change, headers=officer))
        await until_somebody_waits(counter)
        await CustomerService(rows).hold([Person(phone=phone)])
        await rows.commit()
    assert (await changing).status_code == 200, (await changing).text


def locks_of(person: Person) -> list[int]:
    """The locks under which a person is found or written down; they are taken in the order of their numbers."""
    return [_lock_of(key) for key in description_of(person).keys]
