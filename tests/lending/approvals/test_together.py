"""Two people decide at the same moment, in two processes: exactly one decision counts."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision
from lc_workflow.lending.authorities.models import Authority, Delegation
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.rules.stages import Stage
from tests.journey.town import Town, sign_in
from tests.lending.approvals.steps import MATRICES, STRICT
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.moments import NOON
from tests.servers.databases import until_somebody_waits

TIMES = 12


async def test_two_managers_decide_a_stage_once(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    admin = await sign_in(houses[0], "admin")
    drafted = (await houses[0].post(MATRICES, json=STRICT, headers=admin)).json()
    assert (await houses[0].post(f"{MATRICES}/{drafted['id']}/publish", headers=admin)).status_code == 200
    async with AsyncSession(town_engine, expire_on_commit=False) as rows:
        waiting = [
            an_application(
                town.officer_id, branch_id=town.branch_id, workflow_status=Stage.MANAGER_REVIEW, account_id="1"
            )
            for _ in range(TIMES)
        ]
        rows.add_all(waiting)
        await rows.commit()
        people = [await sign_in(house, name) for house, name in zip(houses, town.managers, strict=True)]
        said: Counter[tuple[int, ...]] = Counter()
        codes = set()
        for application in waiting:
            pair = await asyncio.gather(
                *(
                    house.post(f"{URL}/{application.id}/decisions", json={"decision": "approve"}, headers=who)
                    for house, who in zip(houses, people, strict=True)
                )
            )
            said[tuple(sorted(answer.status_code for answer in pair))] += 1
            codes |= {answer.json()["code"] for answer in pair if answer.status_code != 200}
        assert (said, codes) == ({(200, 422): TIMES}, {"StageClosed"})
        counted = Counter(await rows.scalars(select(ApplicationDecision.application_id)))
        assert counted == {application.id: 1 for application in waiting}


async def test_two_loans_of_one_customer_are_counted_together_whoever_approves_them(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    admin = await sign_in(houses[0], "admin")
    drafted = (await houses[0].post(MATRICES, json=STRICT | {"basis": "exposure"}, headers=admin)).json()
    assert (await houses[0].post(f"{MATRICES}/{drafted['id']}/publish", headers=admin)).status_code == 200
    async with AsyncSession(town_engine, expire_on_commit=False) as rows:
        people = [await sign_in(house, name) for house, name in zip(houses, town.managers, strict=True)]
        ended: Counter[tuple[str, ...]] = Counter()
        for _ in range(TIMES):
            rows.add(customer := Customer(full_name_latin="SOK CHANTHY", created_at=NOON, updated_at=NOON))
            await rows.flush()
            at_review = {"workflow_status": Stage.MANAGER_REVIEW, "account_id": "1", "customer_id": customer.id}
            loans = [
                an_application(town.officer_id, branch_id=town.branch_id, requested_amount=600, **at_review)
                for _ in houses
            ]
            rows.add_all(loans)
            await rows.commit()
            answers = await asyncio.gather(
                *(
                    house.post(f"{URL}/{loan.id}/decisions", json={"decision": "approve"}, headers=who)
                    for house, loan, who in zip(houses, loans, people, strict=True)
                )
            )
            ended[tuple(sorted(answer.json()["workflow_status"] for answer in answers))] += 1
        # 600 is for the manager alone to approve, 1200 waits for the region as well
        assert ended == {("APPROVED", "MANAGER_REVIEW"): TIMES}


@pytest.mark.parametrize(
    ("row", "giver", "wish"),
    [
        (Delegation, "manager", {"starts_at": str(NOON - timedelta(days=1)), "ends_at": "2999-01-01T00:00:00Z"}),
        (Authority, "admin", {"reach": "branch"}),
    ],
)
async def test_what_lets_somebody_decide_is_taken_back_at_that_moment(
    houses: Sequence[AsyncClient],
    town: Town,
    row: type[Delegation | Authority],
    giver: str,
    wish: dict[str, Any],
    town_engine: AsyncEngine,
) -> None:
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, town_engine.connect() as taking_back:
        deputy = (await rows.scalars(select(User.id).where(User.username == "second_officer"))).one()
        its = {"branch_id": town.branch_id, "workflow_status": Stage.MANAGER_REVIEW, "account_id": "1"}
        rows.add_all(loans := [an_application(town.officer_id, **its) for _ in range(2)])
        await rows.commit()
        named = {"role": "manager", "to_id": str(deputy), "person_id": str(deputy)}
        named |= {"branch_id": str(town.branch_id)} if row is Authority else {}
        path = f"/api/v1/{row.__tablename__}"
        given = await houses[0].post(path, json=wish | named, headers=await sign_in(houses[0], giver))
        assert given.status_code == 201, given.text
        stand_in = await sign_in(houses[1], "second_officer")

        async def decide(loan: CustomerApplication) -> Response:
            path = f"{URL}/{loan.id}/decisions"
            return await houses[1].post(path, json={"decision": "approve"}, headers=stand_in)

        assert (await decide(loans[0])).status_code == 200
        await taking_back.execute(update(row).values(ended_at=NOON))
        deciding = asyncio.create_task(decide(loans[1]))
        await until_somebody_waits(taking_back)
        await taking_back.commit()
        assert (await deciding).status_code == 403, (await deciding).text
