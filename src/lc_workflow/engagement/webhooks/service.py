"""Registering the systems that are called, and managing the calls."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from advanced_alchemy.filters import OrderBy
from sqlalchemy import ColumnElement, func, select

from lc_workflow.engagement.events import WebhookRegistered, WebhookRemoved, WebhookReplayed, WebhookSecretRotated
from lc_workflow.engagement.rules.webhooks import TOLD
from lc_workflow.engagement.webhooks.jobs import ask_for_deliveries
from lc_workflow.engagement.webhooks.models import Webhook, WebhookDelivery
from lc_workflow.engagement.webhooks.schemas import NewWebhook
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.service import Service

GRACE: Final = timedelta(hours=24)
"""How long calls are also signed with the previous secret, so that the other side can change over."""

MOST_WEBHOOKS: Final = 50
"""How many addresses one installation calls."""


class NoSuchEvent(Invalid):
    """Other systems are told of no event with this name."""


class PrivateAddress(Invalid):
    """The address lies in a private network, and this installation does not call those."""


class TooManyWebhooks(Invalid):
    """There are as many webhooks as one installation can have."""


class DeliveryNotGivenUp(Invalid):
    """Only what was given up is tried again by hand."""


class WebhookService(Service[Webhook]):
    """The systems that are called when something happens to an application."""

    noun = "webhook"

    async def all(self) -> Sequence[Webhook]:
        """List the webhooks, the oldest first."""
        return await self.get_many(OrderBy("created_at"), OrderBy("id"))

    async def register(self, wish: NewWebhook, *, private_allowed: bool, principal: Principal, at: datetime) -> Webhook:
        """Call an address from now on.

        Raises:
            NoSuchEvent, PrivateAddress, TooManyWebhooks: It cannot be.
        """
        if unknown := [index for index, event in enumerate(wish.events) if event not in TOLD]:
            raise NoSuchEvent(
                f"What is told is {', '.join(TOLD)}.",
                errors=tuple(FieldError(f"events[{index}]", "is not told") for index in unknown),
            )
        if not private_allowed and _is_private(wish.url):
            raise PrivateAddress("Give an address of the open internet.", errors=(FieldError("url", "is private"),))
        async with self.transaction():
            if await self.session.scalar(select(func.count()).select_from(Webhook)) >= MOST_WEBHOOKS:  # type: ignore[operator]
                raise TooManyWebhooks(f"There are {MOST_WEBHOOKS} webhooks already; remove one first.")
            webhook = Webhook(
                url=wish.url,
                description=wish.description,
                events=sorted(set(wish.events)),
                secret=_new_secret(),
                created_by=principal.id,
                created_at=at,
                updated_at=at,
            )
            self.session.add(webhook)
            await self.session.flush()
            self.announce(WebhookRegistered(actor_id=principal.id, at=at, webhook_id=webhook.id, url=webhook.url))
        return webhook

    async def rotate(self, webhook_id: UUID, *, principal: Principal, at: datetime) -> Webhook:
        """Give a webhook a new secret; for a day its calls are signed with the one before as well.

        Raises:
            Missing: There is no such webhook.
        """
        async with self.transaction():
            webhook = await self.find(id=webhook_id, lock=True)
            webhook.previous_secret, webhook.previous_secret_until = webhook.secret, at + GRACE
            webhook.secret, webhook.updated_at = _new_secret(), at
            self.announce(WebhookSecretRotated(actor_id=principal.id, at=at, webhook_id=webhook.id))
        return webhook

    async def remove(self, webhook_id: UUID, *, principal: Principal, at: datetime) -> str:
        """Stop calling an address, and delete its calls; return the address.

        Raises:
            Missing: There is no such webhook.
        """
        async with self.transaction():
            webhook = await self.find(id=webhook_id, lock=True)
            await self.session.delete(webhook)
            self.announce(WebhookRemoved(actor_id=principal.id, at=at, webhook_id=webhook.id, url=webhook.url))
        return webhook.url

    async def deliveries(
        self, webhook_id: UUID, window: Window, *, status: str | None
    ) -> tuple[Sequence[WebhookDelivery], int]:
        """List the calls to one address, the newest first, with how many there are in all.

        Raises:
            Missing: There is no such webhook.
        """
        await self.find(id=webhook_id)
        where: list[ColumnElement[bool]] = [WebhookDelivery.webhook_id == webhook_id]
        match status:
            case "waiting":
                where.append(WebhookDelivery.due_at.is_not(None))
            case "delivered":
                where.append(WebhookDelivery.delivered_at.is_not(None))
            case "given_up":
                where.append(WebhookDelivery.given_up_at.is_not(None))
        listed = select(WebhookDelivery).where(*where).order_by(WebhookDelivery.number.desc())
        rows, total = await read_page(self.session, listed, window)
        return [delivery for (delivery,) in rows], total

    async def replay(self, delivery_id: UUID, *, principal: Principal, at: datetime) -> WebhookDelivery:
        """Try a call again that was given up.

        Raises:
            Missing: There is no such call.
            DeliveryNotGivenUp: It waits, or was delivered.
        """
        async with self.transaction():
            delivery = await self.session.get(WebhookDelivery, delivery_id, with_for_update=True)
            if delivery is None:
                raise Missing("There is no such delivery.")
            if delivery.given_up_at is None:
                raise DeliveryNotGivenUp(f"This delivery is {delivery.status}.")
            delivery.given_up_at, delivery.due_at, delivery.attempts = None, at, 0
            await ask_for_deliveries(self.session, delivery.webhook_id)
            self.announce(
                WebhookReplayed(actor_id=principal.id, at=at, webhook_id=delivery.webhook_id, delivery_id=delivery.id)
            )
        return delivery


def _new_secret() -> str:
    return secrets.token_urlsafe(48)


def _is_private(url: str) -> bool:
    """Whether an address is obviously private; where names lead is checked with every call."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith((".localhost", ".internal", ".local"))
