"""The paths of webhooks."""

from typing import Literal
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.engagement.rules.webhooks import TOLD
from lc_workflow.engagement.webhooks.access import MANAGE, READ
from lc_workflow.engagement.webhooks.schemas import (
    DeliveryAnswer,
    NewWebhook,
    WebhookAnswer,
    WebhookRemoved,
    WebhookWithSecret,
)
from lc_workflow.engagement.webhooks.service import WebhookService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class WebhookController(Controller):
    """The systems that are called when something happens to an application."""

    path = "/api/v1/webhooks"
    tags = ("Webhooks",)
    dependencies = {"webhooks": provide(WebhookService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_webhooks(self, webhooks: NamedDependency[WebhookService]) -> list[WebhookAnswer]:
        """List the webhooks, the oldest first."""
        return [shaped(row, WebhookAnswer) for row in await webhooks.all()]

    @get("/events", guards=[requires(READ)])
    async def list_events(self) -> list[str]:
        """List the events that webhooks can be called for."""
        return list(TOLD)

    @post(guards=[requires(MANAGE)])
    async def register(
        self,
        data: JSONBody[NewWebhook],
        webhooks: NamedDependency[WebhookService],
        settings: NamedDependency[Settings],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> WebhookWithSecret:
        """Register an address to be called; its secret is shown only this once.

        A call is a POST with a JSON body of `id`, `event`, `application_id`, `at` and `data`. A 2xx answer within ten
        seconds accepts it. After anything else, a redirect included, the call is repeated: ten times over about nine
        hours, after which it stays on the list of calls until somebody replays it. Meanwhile later calls about the same
        application wait, so that each application's calls arrive in order.

        `X-Webhook-Id` is the body's `id`, and the same whenever a call is repeated: process each id once.
        `X-Webhook-Signature` is the hexadecimal HMAC-SHA256, with the secret as it was shown, of the text in
        `X-Webhook-Timestamp` (seconds since 1970), a dot, and the body as received. For a day after a rotation it holds
        two signatures, separated by a comma; either one is enough. Refuse timestamps more than five minutes old.
        """
        row = await webhooks.register(data, private_allowed=settings.webhooks_private, principal=principal, at=clock())
        return shaped(row, WebhookWithSecret)

    @post("/{webhook_id:uuid}/rotate-secret", guards=[requires(MANAGE)], status_code=200)
    async def rotate(
        self,
        webhook_id: FromPath[UUID],
        webhooks: NamedDependency[WebhookService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> WebhookWithSecret:
        """Give a webhook a new secret; for a day calls are also signed with the previous one."""
        return shaped(await webhooks.rotate(webhook_id, principal=principal, at=clock()), WebhookWithSecret)

    @delete("/{webhook_id:uuid}", guards=[requires(MANAGE)], status_code=200)
    async def remove(
        self,
        webhook_id: FromPath[UUID],
        webhooks: NamedDependency[WebhookService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> WebhookRemoved:
        """Remove a webhook."""
        url = await webhooks.remove(webhook_id, principal=principal, at=clock())
        return WebhookRemoved(f"{url} is not called any more.")

    @get("/{webhook_id:uuid}/deliveries", guards=[requires(READ)])
    async def list_deliveries(
        self,
        webhook_id: FromPath[UUID],
        webhooks: NamedDependency[WebhookService],
        window: NamedDependency[Window],
        status: FromQuery[Literal["waiting", "delivered", "given_up"] | None] = None,
    ) -> Page[DeliveryAnswer]:
        """List the calls to one address, the newest first; `given_up` are those that wait for a replay."""
        rows, total = await webhooks.deliveries(webhook_id, window, status=status)
        return Page.of([shaped(row, DeliveryAnswer) for row in rows], total=total, window=window)

    @post("/deliveries/{delivery_id:uuid}/replay", guards=[requires(MANAGE)], status_code=200)
    async def replay(
        self,
        delivery_id: FromPath[UUID],
        webhooks: NamedDependency[WebhookService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DeliveryAnswer:
        """Try a call again that was given up."""
        return shaped(await webhooks.replay(delivery_id, principal=principal, at=clock()), DeliveryAnswer)
