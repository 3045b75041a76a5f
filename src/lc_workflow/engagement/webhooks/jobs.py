"""Calling other systems, in the order of events of each application."""

import asyncio
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.engagement.rules.webhooks import rest_after
from lc_workflow.engagement.webhooks.models import Webhook, WebhookDelivery
from lc_workflow.platform.jobs import Job, Workplace, ask_for, ask_for_each
from lc_workflow.platform.watching.metrics import Called, Outcome, called
from lc_workflow.system.settings.service import SettingService

LEASE: Final = timedelta(minutes=2)
"""After this time a call is made again if nobody recorded how it ended, because the process died."""

TURN_SECONDS: Final = 20.0
"""How long one job makes calls; the rest is for the next job, so that every address gets its turn."""

WATCHED: Final = timedelta(minutes=1)
"""How often calls that are due again are looked for; new ones are asked for at once."""

MOST_FAILURES: Final = 2
"""After this many failures in a row an address is left alone until the next job."""

KEPT_DAYS: Final = "webhook_kept_days"
"""The setting for how long a delivered call stays on the list; calls given up stay longer."""

log = structlog.get_logger()


_asked_again: Final[dict[UUID, bool]] = {}
"""The addresses that this process is calling, and whether another call was asked for meanwhile."""


async def deliver(place: Workplace, webhook_id: UUID) -> None:
    """Make the calls that are due to one address; no database connection is held while waiting for the other side.

    A call whose process died is made again, with the same `X-Webhook-Id`. While an address is being called, further
    requests are left to the running job: a slow address takes one place only.
    """
    if webhook_id in _asked_again:
        _asked_again[webhook_id] = True
        return
    _asked_again[webhook_id] = False
    try:
        done = await _call_for_a_turn(place, webhook_id)
    finally:
        del _asked_again[webhook_id]
    if not done:
        async with place.sessions() as session:
            await ask_for_deliveries(session, webhook_id)
            await session.commit()


async def _call_for_a_turn(place: Workplace, webhook_id: UUID) -> bool:
    """Make calls until nothing is due, the other side does not answer, or the turn is over (False)."""
    # Loading the client takes 0.1 s and some memory; an installation without webhooks need not pay for it.
    from lc_workflow.platform.callbacks import CallFailed, call, trust  # noqa: PLC0415

    trusted = await asyncio.to_thread(trust, place.settings.webhooks_ca)
    failures = 0
    until = monotonic() + TURN_SECONDS
    while monotonic() < until:
        _asked_again[webhook_id] = False
        at = place.clock()
        async with place.sessions() as session:
            taken = await _take(session, webhook_id, at=at)
            await session.commit()
        if taken is None:
            if _asked_again[webhook_id]:
                continue
            return True
        webhook, delivery = taken
        failed: CallFailed | None = None
        status: int | None = None
        try:
            status = await call(
                webhook.url,
                msgspec.json.encode(delivery.body),
                key=str(delivery.event_id),
                secrets=webhook.secrets_at(at),
                at=at,
                private_allowed=place.settings.webhooks_private,
                trusted=trusted,
            )
        except CallFailed as cause:
            failed, status = cause, cause.status
            log.warning("a webhook failed", webhook=str(webhook_id), delivery=str(delivery.id), cause=str(cause))
        called(Called.WEBHOOK, Outcome.FAILED if failed else Outcome.TAKEN)
        await _write_down(place, delivery.id, status=status, error=str(failed) if failed else None)
        failures = failures + 1 if failed else 0
        if failures >= MOST_FAILURES:
            return True
    return False


DELIVER = Job(name="deliver_webhooks", work=deliver, outside=True)


async def deliver_what_is_due(place: Workplace) -> None:
    """Ask for the calls that have become due again, one address after the other.

    Each address in a transaction of its own: the relay locks the queued jobs of several addresses at once, in the order
    of its facts, and the two could otherwise deadlock.
    """
    async with place.sessions() as session:
        due = select(WebhookDelivery.webhook_id).where(WebhookDelivery.due_at <= place.clock()).distinct()
        for webhook_id in sorted(await session.scalars(due)):
            await ask_for_deliveries(session, webhook_id)
            await session.commit()


WATCH_WEBHOOKS = Job(name="watch_webhooks", work=deliver_what_is_due, every="* * * * *")


async def tidy_webhooks(place: Workplace) -> None:
    """Delete old delivered calls."""
    async with place.sessions() as session:
        kept = timedelta(days=int(await SettingService(session).value_of(KEPT_DAYS)))
        old = await session.scalars(
            delete(WebhookDelivery)
            .where(WebhookDelivery.delivered_at < place.clock() - kept)
            .returning(WebhookDelivery.id)
        )
        forgotten = len(old.all())
        await session.commit()
    log.info("webhooks are tidied", deliveries=forgotten)


TIDY_WEBHOOKS = Job(name="tidy_webhooks", work=tidy_webhooks, every="40 19 * * *")
"""At twenty to three in the night of Phnom Penh."""


async def ask_for_deliveries(session: AsyncSession, *webhook_ids: UUID) -> None:
    """Have the calls to these addresses made after this transaction."""
    if webhook_ids:
        await ask_for_each(session, DELIVER, {f"deliver:{each}": {"webhook_id": each} for each in sorted(webhook_ids)})


async def _take(session: AsyncSession, webhook_id: UUID, *, at: datetime) -> tuple[Webhook, WebhookDelivery] | None:
    """Take the oldest due call that does not wait for an earlier one about the same application."""
    earlier = aliased(WebhookDelivery)
    blocked = exists().where(
        earlier.webhook_id == WebhookDelivery.webhook_id,
        earlier.application_id == WebhookDelivery.application_id,
        earlier.number < WebhookDelivery.number,
        earlier.due_at.is_not(None),
    )
    delivery = await session.scalar(
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.due_at <= at, ~blocked)
        .order_by(WebhookDelivery.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if delivery is None:
        return None
    delivery.due_at = at + LEASE
    delivery.attempts += 1
    return await session.get_one(Webhook, webhook_id), delivery


async def _write_down(place: Workplace, delivery_id: UUID, *, status: int | None, error: str | None) -> None:
    async with place.sessions() as session:
        delivery = await session.get(WebhookDelivery, delivery_id, with_for_update=True)
        if delivery is None:  # its webhook was removed meanwhile
            return
        now = place.clock()
        delivery.last_status, delivery.last_error = status, error
        if error is None:
            delivery.due_at, delivery.delivered_at = None, now
        elif rest := rest_after(delivery.attempts):
            delivery.due_at = now + rest
            if rest < WATCHED:
                lock = f"again:{delivery.webhook_id}"  # not that of what is due now, which waits for nothing
                await ask_for(session, DELIVER, queueing_lock=lock, at=delivery.due_at, webhook_id=delivery.webhook_id)
        else:
            delivery.due_at, delivery.given_up_at = None, now
            log.error(
                "a webhook call was given up",
                webhook=str(delivery.webhook_id),
                delivery=str(delivery.id),
                attempts=delivery.attempts,
            )
            called(Called.WEBHOOK, Outcome.LOST)
        await session.commit()
