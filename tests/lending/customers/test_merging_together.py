"""Customers are merged while colleagues work on their loans: both are done, and nobody waits for the other for ever."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.customers.models import Customer, IdentityPaper, Telephone
from lc_workflow.lending.customers.service import CustomerService
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.security.columns import blind
from tests.journey.town import Town, sign_in
from tests.lending.customers.test_merging import CUSTOMERS
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.moments import NOON
from tests.servers.databases import until_somebody_waits

TIMES = 6


@pytest.mark.parametrize(
    ("stage", "who", "action", "body"),
    [
        (Stage.TELLER_PROCESSING, "teller", "send_to_review", {}),
        (Stage.MANAGER_REVIEW, "manager", "approve", {"approved_amount": 90}),
    ],
)
async def test_a_loan_goes_on_while_its_customer_is_merged(
    houses: Sequence[AsyncClient],
    town: Town,
    stage: Stage,
    who: str,
    action: str,
    body: dict[str, Any],
    town_engine: AsyncEngine,
) -> None:
    async with AsyncSession(town_engine, expire_on_commit=False) as rows:
        admin, colleague = await sign_in(houses[0], "admin"), await sign_in(houses[1], who)
        said: Counter[tuple[int, ...]] = Counter()
        for number in range(TIMES):
            named = {"full_name_latin": "SOK CHANTHY", "created_at": NOON, "updated_at": NOON}
            rows.add_all([kept := Customer(**named), gone := Customer(**named)])
            await rows.flush()
            its = {"customer_id": gone.id, "account_id": f"{stage}-{number}", "requested_amount": 100}
            rows.add(loan := an_application(town.officer_id, branch_id=town.branch_id, workflow_status=stage, **its))
            await rows.commit()
            wish = {"customer_id": str(gone.id), "reason": "Two papers of one person"}
            answers = await asyncio.gather(
                houses[0].post(f"{CUSTOMERS}/{kept.id}/merge", json=wish, headers=admin),
                houses[1].post(f"{URL}/{loan.id}/actions/{action}", json=body, headers=colleague),
            )
            said[tuple(answer.status_code for answer in answers)] += 1
            await rows.refresh(loan)
            assert loan.customer_id == kept.id
        assert said == {(200, 200): TIMES}


async def test_a_draft_finds_who_is_kept_by_a_number_that_came_while_the_merge_waited(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    people = {name: await sign_in(houses[0], name) for name in ("admin", "officer")}
    named = {"full_name_latin": "SOK CHANTHY", "branch_id": town.branch_id, "created_at": NOON, "updated_at": NOON}
    async with AsyncSession(town_engine, expire_on_commit=False) as rows:
        rows.add_all([kept := Customer(**named), gone := Customer(**named)])
        await rows.flush()
        rows.add(a_telephone(gone, "+85512000001"))
        await rows.commit()
        async with town_engine.connect() as merging:  # what holds the merge up until the draft looks for its customer
            await merging.execute(select(Telephone).with_for_update())
            await rows.execute(select(Customer).where(Customer.id == gone.id).with_for_update())
            rows.add(a_telephone(gone, "+85512000002"))
            await rows.flush()
            wish = {"customer_id": str(gone.id), "reason": "Two papers of one person"}
            merge = asyncio.create_task(
                houses[0].post(f"{CUSTOMERS}/{kept.id}/merge", json=wish, headers=people["admin"])
            )
            await until_somebody_waits(merging)
            await rows.commit()
            told = {"full_name_latin": "SOK CHANTHY", "phone": "+85512000002", "requested_amount": 100}
            draft = asyncio.create_task(houses[1].post(URL, json=told, headers=people["officer"]))
            await until_somebody_waits(merging, people=2)
            await merging.rollback()
        assert (await merge).status_code == 200
        drafted = (await draft).json()
        loan = await rows.get_one(CustomerApplication, drafted["id"])
        assert loan.customer_id == kept.id


async def test_a_loan_that_came_while_the_merge_waited_is_changed_by_a_colleague_meanwhile(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    people = {name: await sign_in(houses[0], name) for name in ("admin", "officer")}
    named = {"full_name_latin": "SOK CHANTHY", "branch_id": town.branch_id, "created_at": NOON, "updated_at": NOON}
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, town_engine.connect() as counter:
        rows.add_all([kept := Customer(**named), gone := Customer(**named)])
        await rows.flush()
        rows.add(a_telephone(gone, "+85512000001"))
        await rows.commit()
        await counter.execute(select(Customer.id).where(Customer.id == kept.id).with_for_update())
        await CustomerService(rows).hold(customer_ids=[gone.id])
        its = {"customer_id": gone.id, "full_name_khmer": None, "phone": "+85512000001"}
        rows.add(loan := an_application(town.officer_id, branch_id=town.branch_id, **its))
        await rows.flush()
        wish = {"customer_id": str(gone.id), "reason": "Two papers of one person"}
        merge = asyncio.create_task(houses[0].post(f"{CUSTOMERS}/{kept.id}/merge", json=wish, headers=people["admin"]))
        await until_somebody_waits(counter)
        await rows.commit()
        paper = {"id_card_type": "passport", "id_number": "N1"}  # which makes a new version of the customer too
        change = asyncio.create_task(houses[1].put(f"{URL}/{loan.id}", json=paper, headers=people["officer"]))
        await until_somebody_waits(counter, people=2)
        await counter.rollback()
        answers = await asyncio.gather(merge, change)
        assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
        await rows.refresh(loan)
        assert (loan.customer_id, loan.id_number) == (kept.id, "N1")
        assert (await rows.scalars(select(IdentityPaper.customer_id))).all() == [kept.id]


def a_telephone(customer: Customer, number: str) -> Telephone:
    return Telephone(
        customer_id=customer.id, phone=number, phone_index=blind(number, of="phone"), created_at=customer.created_at
    )
