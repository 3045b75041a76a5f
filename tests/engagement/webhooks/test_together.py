"""Calls are asked for from two sides at once: by whoever tells several facts in one go, and by what watches."""

import asyncio
from dataclasses import replace
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from lc_workflow.engagement.webhooks.jobs import ask_for_deliveries, deliver_what_is_due
from lc_workflow.engagement.webhooks.models import Webhook, WebhookDelivery
from lc_workflow.identity.users.models import User
from lc_workflow.platform.jobs import Workplace
from tests.moments import NOON
from tests.servers.databases import until_somebody_waits


async def test_what_is_due_again_is_asked_for_while_facts_are_told_to_the_same_addresses(
    workplace: Workplace, town_engine: AsyncEngine
) -> None:
    sessions = async_sessionmaker(town_engine, expire_on_commit=False)
    ids = [uuid4() for _ in range(8)]
    async with sessions() as rows, rows.begin():
        admin = (await rows.scalars(select(User.id).limit(1))).one()
        dated = {"created_at": NOON, "updated_at": NOON, "created_by": admin, "secret": "theirs", "events": list[str]()}
        for webhook_id in ids:
            rows.add(Webhook(id=webhook_id, url="https://core.bank.example/hook", **dated))
            await rows.flush()
            due = {"event_id": uuid4(), "event": "ApplicationMoved", "application_id": uuid4(), "body": {}}
            rows.add(WebhookDelivery(webhook_id=webhook_id, created_at=NOON, due_at=NOON, attempts=1, **due))
    async with town_engine.connect() as beside, AsyncSession(beside) as telling:
        await ask_for_deliveries(telling, ids[0])
        watching = asyncio.create_task(deliver_what_is_due(replace(workplace, sessions=sessions)))
        await until_somebody_waits(beside)
        for webhook_id in ids:
            await ask_for_deliveries(telling, webhook_id)
        await telling.commit()
    await watching
