"""Customers are merged while colleagues work on their loans: both are done, and nobody waits for the other for ever."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import NullPool, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.identity.users.models import User
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.rules.stages import Stage
from tests.journey.town import Town, sign_in
from tests.lending.customers.test_merging import CUSTOMERS
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.moments import NOON

TIMES = 6


@pytest.mark.parametrize(
    ("stage", "who", "action", "body"),
    [
        (Stage.TELLER_PROCESSING, "teller", "send_to_review", {}),
        (Stage.MANAGER_REVIEW, "manager", "approve", {"approved_amount": 90}),
    ],
)
async def test_a_loan_goes_on_while_its_customer_is_merged(
    houses: Sequence[AsyncClient], town: Town, stage: Stage, who: str, action: str, body: dict[str, Any]
) -> None:
    engine = create_async_engine(town.database, poolclass=NullPool)
    async with AsyncSession(engine, expire_on_commit=False) as rows:
        officer = await rows.scalar(select(User.id).where(User.username == "officer"))
        assert officer
        admin, colleague = await sign_in(houses[0], "admin"), await sign_in(houses[1], who)
        said: Counter[tuple[int, ...]] = Counter()
        for number in range(TIMES):
            named = {"full_name_latin": "SOK CHANTHY", "created_at": NOON, "updated_at": NOON}
            rows.add_all([kept := Customer(**named), gone := Customer(**named)])
            await rows.flush()
            its = {"customer_id": gone.id, "account_id": f"{stage}-{number}", "requested_amount": 100}
            rows.add(loan := an_application(officer, branch_id=town.branch_id, workflow_status=stage, **its))
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
    await engine.dispose()
