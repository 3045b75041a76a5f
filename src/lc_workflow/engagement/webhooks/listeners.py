"""What other systems are told of events of an application."""

from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, String, Uuid, any_, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.sql.dml import ReturningInsert

from lc_workflow.engagement.rules.webhooks import told_of
from lc_workflow.engagement.webhooks.jobs import ask_for_deliveries
from lc_workflow.engagement.webhooks.models import Webhook, WebhookDelivery
from lc_workflow.lending.events import AboutApplication
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.manifest import Hearing


async def tell_others(event: AboutApplication, hearing: Hearing) -> None:
    """Queue a call to every address that wants the event; heard twice, it is queued once."""
    kind = type(event).__name__
    facts = msgspec.to_builtins(event)
    body = {
        "id": str(hearing.event_id),
        "event": kind,
        "at": facts["at"],
        "application_id": facts["application_id"],
        "data": told_of(kind, facts),
    }
    heard = {"event_id": hearing.event_id, "kind": kind, "about": event.application_id, "body": body, "at": event.at}
    await ask_for_deliveries(
        hearing.session, *(webhook_id for (webhook_id,) in await _ADD.rows(hearing.session, **heard))
    )


def _add() -> ReturningInsert[UUID]:
    """The statement that queues a call for every address that wants it, and returns the addresses with a new call."""
    kind, at = bindparam("kind", type_=String), bindparam("at", type_=DateTime(timezone=True))
    table = WebhookDelivery.metadata.tables[WebhookDelivery.__tablename__]
    columns = {
        "id": func.gen_random_uuid(),
        "webhook_id": Webhook.id,
        "event_id": bindparam("event_id", type_=Uuid),
        "event": kind,
        "application_id": bindparam("about", type_=Uuid),
        "body": bindparam("body", type_=JSONB),
        "created_at": at,
        "due_at": at,
        "attempts": literal(0),
    }
    wanted = select(*columns.values()).where(
        or_(func.cardinality(Webhook.events) == 0, kind == any_(Webhook.events)), Webhook.created_at <= at
    )
    return (
        insert(table)
        .from_select([*columns], wanted, include_defaults=False)
        .on_conflict_do_nothing(index_elements=[table.c.webhook_id, table.c.event_id])
        .returning(table.c.webhook_id)
    )


_ADD: Final = Written(_add())
