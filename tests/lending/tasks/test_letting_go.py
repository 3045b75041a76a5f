"""Work leaves whoever can do it no more, also when nobody did anything for that: a day came, or a role changed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, UserRole
from lc_workflow.lending.tasks.jobs import WATCH_OWNERS
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.jobs import Workplace
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import HandOn
from tests.lending.steps import Draft, Take
from tests.lending.tasks.test_controllers import do, queue
from tests.moments import NOON
from tests.statements import sent

ToReview = Callable[..., Awaitable[dict[str, Any]]]
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def on_the_next_day(workplace: Workplace) -> Workplace:
    """The workplace once a day has gone by."""
    return replace(workplace, clock=lambda: TOMORROW)


async def test_the_decision_of_whoever_stood_in_goes_back_when_the_manager_is_there_again(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, officer: Person, teller: Person,
    to_review: ToReview, workplace: Workplace, on_the_next_day: Workplace,
    announced: Callable[[], Awaitable[list[str]]], hand_on: HandOn,
) -> None:  # fmt: skip
    manager, stand_in = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    await hand_on(manager, stand_in, ends_at=TOMORROW.isoformat())
    await to_review(officer, teller)
    (task,) = await queue(client, stand_in, "claimable", stage="MANAGER_REVIEW")
    await do(client, stand_in, task, "claim")
    await WATCH_OWNERS.work(workplace)
    assert [mine["id"] for mine in await queue(client, stand_in, "mine")] == [task["id"]]
    await WATCH_OWNERS.work(on_the_next_day)
    assert await queue(client, stand_in, "mine") == []
    assert [found["id"] for found in await queue(client, manager, "claimable")] == [task["id"]]
    assert (await announced())[-1] == "TaskReleased"


async def test_the_work_of_a_role_that_lost_a_right_and_of_one_that_was_lent_goes_back(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, officer: Person, teller: Person,
    draft: Draft, take: Take, on_the_next_day: Workplace,
) -> None:  # fmt: skip
    helper = await sign_in("viewer", branch_id=branch.id)
    role = await session.scalar(select(CompanyRole.id).where(CompanyRole.name == "officer"))
    session.add(UserRole(user_id=helper.user.id, role_id=role, until=TOMORROW, given_at=NOON, given_by=officer.user.id))
    await session.commit()
    for number, person in enumerate((teller, helper)):
        await take(officer, application := await draft(officer, id_number=f"01023456{number}"), "submit")
        (task,) = [
            one for one in await queue(client, person, "claimable") if one["application_id"] == application["id"]
        ]
        await do(client, person, task, "claim")
    await session.execute(
        update(CompanyRole).where(CompanyRole.name == "teller").values(grants=["application:read:branch"])
    )
    await session.commit()
    await WATCH_OWNERS.work(on_the_next_day)
    for person in (teller, helper):
        assert await queue(client, person, "mine") == []
    assert len(await queue(client, officer, "claimable")) == 2


async def test_whoever_leaves_next_month_keeps_nothing_that_they_can_do_no_more_today(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, teller: Person, to_review: ToReview,
    workplace: Workplace, on_the_next_day: Workplace, hand_on: HandOn,
) -> None:  # fmt: skip
    admin = await sign_in("admin")
    manager, leaver = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    await hand_on(manager, leaver, ends_at=TOMORROW.isoformat())
    await to_review(officer, teller)
    (task,) = await queue(client, leaver, "claimable", stage="MANAGER_REVIEW")
    await do(client, leaver, task, "claim")
    url, wish = f"/api/v1/users/{leaver.user.id}/lifecycle/offboarding/initiate", {"last_working_day": "2026-12-31"}
    assert (await client.post(url, json=wish, headers=admin.headers)).status_code == 200
    await WATCH_OWNERS.work(on_the_next_day)
    assert [found["id"] for found in await queue(client, manager, "claimable")] == [task["id"]]


async def test_what_everybody_has_is_looked_at_in_one_statement(
    engine: AsyncEngine, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft, take: Take,
    workplace: Workplace,
) -> None:  # fmt: skip
    asked = []
    for number in range(3):
        teller = await sign_in("teller", branch_id=branch.id)
        application = await draft(officer, id_number=f"01023456{number}")
        await take(officer, application, "submit")
        await take(teller, application, "start")
        with sent(engine) as statements:
            await WATCH_OWNERS.work(workplace)
        asked.append(sum("SAVEPOINT" not in text for text, _ in statements))
    assert asked == [1, 1, 1]
