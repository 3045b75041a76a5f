"""Deadlines are set and facts about loans are told at the same moment as people do something: nobody is in the way."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from lc_workflow.app import HOUSE
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.tasks.models import Task
from lc_workflow.platform.broadcast import LocalBroadcast
from lc_workflow.platform.journal.models import JournalThread
from lc_workflow.platform.journal.relay import Relay
from tests.conftest import reopen_house, settings_for
from tests.journey.town import Town, sign_in
from tests.lending.factories import an_application
from tests.lending.steps import URL, WISH
from tests.moments import NOON
from tests.servers.databases import until_somebody_waits

THEIRS = """
INSERT INTO stage_deadlines (id, stage, minutes, created_at, updated_at)
VALUES (gen_random_uuid(), 'MANAGER_REVIEW', 600, now(), now())
"""


async def test_of_two_who_set_a_deadline_at_once_the_second_counts(
    town: Town, town_files: Path, town_engine: AsyncEngine
) -> None:
    async with (
        reopen_house(settings_for(town.database, upload_folder=town_files)) as client,
        town_engine.connect() as first,
    ):
        admin = await sign_in(client, "admin")
        await first.execute(text(THEIRS))
        wish = client.put("/api/v1/stage-deadlines/MANAGER_REVIEW", json={"minutes": 480}, headers=admin)
        second = asyncio.create_task(wish)
        await until_somebody_waits(first)
        await first.commit()
        answer = await second
        assert answer.status_code == 200, answer.text
        (set_last,) = [one for one in answer.json() if one["stage"] == "MANAGER_REVIEW"]
        assert (set_last["minutes"], set_last["is_default"]) == (480, False)


async def test_a_loan_that_was_scored_is_free_while_the_next_that_was_is_being_decided(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
        at_review = {"branch_id": town.branch_id, "workflow_status": Stage.MANAGER_REVIEW, "account_id": "1"}
        rows.add_all(loans := [an_application(town.officer_id, **at_review) for _ in range(2)])
    teller = await sign_in(houses[0], "teller")
    for loan in loans:
        assert (await houses[0].post(f"{URL}/{loan.id}/score", json={}, headers=teller)).status_code == 201
    relay = Relay(
        async_sessionmaker(town_engine),
        kinds=HOUSE.events,
        listeners=HOUSE.listeners,
        broadcast=LocalBroadcast(),
        clock=lambda: NOON,
    )
    first, second = (select(CustomerApplication.id).where(CustomerApplication.id == loan.id) for loan in loans)
    async with town_engine.connect() as deciding:
        await deciding.execute(second.with_for_update())
        telling = asyncio.create_task(relay.tell_all())
        await until_somebody_waits(deciding)
        free = await deciding.scalar(first.with_for_update(skip_locked=True))
        await deciding.rollback()
        await telling
    assert free == loans[0].id


async def test_a_decision_is_put_on_record_once_whoever_takes_its_task_at_that_moment_has_done_so(
    houses: Sequence[AsyncClient], town_engine: AsyncEngine
) -> None:
    people = {name: await sign_in(houses[0], name) for name in ("officer", "teller", "manager")}
    loan = (await houses[0].post(URL, json=WISH, headers=people["officer"])).json()["id"]
    for name, action in (("officer", "submit"), ("teller", "start"), ("teller", "send_to_review")):
        path, wish = f"{URL}/{loan}/actions/{action}", {"account_id": "00012345"}
        assert (await houses[0].post(path, json=wish, headers=people[name])).status_code == 200
    async with town_engine.connect() as taking:
        await taking.execute(select(Task.id).where(Task.closed_at.is_(None)).with_for_update())
        deciding = asyncio.create_task(
            houses[0].post(f"{URL}/{loan}/decisions", json={"decision": "approve"}, headers=people["manager"])
        )
        await until_somebody_waits(taking)
        its_record = select(JournalThread.id).where(JournalThread.id == loan).with_for_update(skip_locked=True)
        free = await taking.scalar(its_record)
        await taking.rollback()
        assert (await deciding).status_code == 200
    assert str(free) == loan
