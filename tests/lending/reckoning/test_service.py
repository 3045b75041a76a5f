"""Deadlines follow the hours and the holidays of a branch, also those that are only said when the work is open."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.tasks.models import Task
from lc_workflow.lending.tasks.service import WatchService
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.engagement.conftest import Tell
from tests.lending.steps import Draft, Take
from tests.moments import NOON

HOLIDAYS = "/api/v1/holidays"
TODAY, TOMORROW = "2026-11-24T10:00:00Z", "2026-11-25T05:00:00Z"
"""Four working hours after noon of a Tuesday: at five, or the next day at noon where this one is a holiday."""

Due = Callable[[], Awaitable[list[str]]]


@pytest.fixture
async def due(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take, tell: Tell, work_off: Any
) -> Due:
    """When the work on a submitted application is due, once everybody has heard what was said of hours and days."""
    officer = await sign_in("officer", branch_id=branch.id)
    await take(officer, await draft(officer), "submit")

    async def due() -> list[str]:
        await tell()
        await work_off()
        listed = await client.get("/api/v1/tasks", params={"queue": "team"}, headers=officer.headers)
        return [task["due_at"] for task in listed.json()["items"]]

    return due


async def test_a_holiday_that_is_declared_late_moves_what_is_due(client: AsyncClient, admin: Person, due: Due) -> None:
    assert await due() == [TODAY]
    await client.put("/api/v1/stage-deadlines/USER_COMPLETED", json={"minutes": 60}, headers=admin.headers)
    declared = await client.post(HOLIDAYS, json={"day": "2026-11-24", "name": "Mourning"}, headers=admin.headers)
    assert declared.status_code == 201, declared.text
    assert await due() == [TOMORROW]  # with the four hours that it was opened with
    await client.delete(f"{HOLIDAYS}/{declared.json()['id']}", headers=admin.headers)
    assert await due() == [TODAY]


async def test_another_branchs_holiday_moves_nothing_here_and_other_hours_do(
    client: AsyncClient, admin: Person, branch: Branch, due: Due, other_branch: Branch
) -> None:
    wish = {"day": "2026-11-24", "name": "The fair", "branch_id": str(other_branch.id)}
    assert (await client.post(HOLIDAYS, json=wish, headers=admin.headers)).status_code == 201
    assert await due() == [TODAY]
    mornings = [{"weekday": day, "opens": "08:00", "closes": "12:00"} for day in range(1, 6)]
    hours = {"time_zone": "Asia/Phnom_Penh", "week": mornings}
    answer = await client.put(f"/api/v1/branches/{branch.id}/hours", json=hours, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    assert await due() == [TOMORROW]


async def test_what_is_not_late_any_more_is_told_of_again_once_it_is(
    client: AsyncClient, session: AsyncSession, admin: Person, due: Due
) -> None:
    await due()
    await session.execute(update(Task).values(minutes=None))  # as the version before opened it
    await session.commit()
    late = NOON + timedelta(hours=6)
    assert await WatchService(session).tell_breaches(at=late) == 1
    await client.post(HOLIDAYS, json={"day": "2026-11-24", "name": "Mourning"}, headers=admin.headers)
    assert await due() == [TOMORROW]
    assert await session.scalar(select(Task.breach_told_at)) is None
    assert await WatchService(session).tell_breaches(at=late) == 0
    assert await WatchService(session).tell_breaches(at=late + timedelta(days=1)) == 1


async def test_what_was_opened_while_a_branch_had_no_hours_is_due_once_it_has_some(
    client: AsyncClient, admin: Person, branch: Branch, sign_in: SignIn, draft: Draft, take: Take, due: Due
) -> None:
    url, officer = f"/api/v1/branches/{branch.id}/hours", await sign_in("officer", branch_id=branch.id)
    office = (await client.get(url, headers=admin.headers)).json()
    assert (await client.put(url, json=office | {"week": []}, headers=admin.headers)).status_code == 200
    await take(officer, await draft(officer, id_number="010234568"), "submit")
    assert sorted(await due(), key=str) == [TODAY, None]
    assert (await client.put(url, json=office, headers=admin.headers)).status_code == 200
    assert await due() == [TODAY, TODAY]
