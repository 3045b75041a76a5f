"""What follows for other systems from what happens to an application."""

import msgspec
from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from lc_workflow.engagement.rules.webhooks import told_of
from lc_workflow.engagement.webhooks.jobs import ask_for_delivery
from lc_workflow.engagement.webhooks.models import Webhook, WebhookDelivery
from lc_workflow.lending.events import AboutApplication
from lc_workflow.platform.manifest import Hearing


async def tell_others(event: AboutApplication, hearing: Hearing) -> None:
    """Put a call in the list of every address that wants to hear of it; told twice, it stands there once."""
    kind = type(event).__name__
    facts = msgspec.to_builtins(event)
    body = {
        "id": str(hearing.event_id),
        "event": kind,
        "at": facts["at"],
        "application_id": facts["application_id"],
        "data": told_of(kind, facts),
    }
    columns = {
        WebhookDelivery.id: func.gen_random_uuid(),
        WebhookDelivery.webhook_id: Webhook.id,
        WebhookDelivery.event_id: literal(hearing.event_id),
        WebhookDelivery.event: literal(kind),
        WebhookDelivery.application_id: literal(event.application_id),
        WebhookDelivery.body: literal(body, JSONB),
        WebhookDelivery.created_at: literal(event.at),
        WebhookDelivery.due_at: literal(event.at),
        WebhookDelivery.attempts: literal(0),
    }
    wanted = select(*columns.values()).where(
        or_(func.cardinality(Webhook.events) == 0, Webhook.events.overlap([kind])),
        Webhook.created_at <= event.at,
    )
    added = await hearing.session.scalars(
        insert(WebhookDelivery)
        .from_select([column.key for column in columns], wanted, include_defaults=False)
        .on_conflict_do_nothing(index_elements=[WebhookDelivery.webhook_id, WebhookDelivery.event_id])
        .returning(WebhookDelivery.webhook_id)
    )
    for webhook_id in added.all():
        await ask_for_delivery(hearing.session, webhook_id)
