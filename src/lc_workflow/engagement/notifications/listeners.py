"""What follows, for the people concerned, from what lending announces."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from lc_workflow.engagement.notifications.schemas import LiveNotification
from lc_workflow.engagement.notifications.service import TellingService
from lc_workflow.identity.events import UnlockRequested
from lc_workflow.lending.events import (
    ApplicationMoved,
    DeadlineBreached,
    DecisionAwaited,
    DecisionByNobody,
    DisbursementFailed,
    DisbursementHandedOver,
    DisbursementNotTaken,
    TaskAssigned,
)
from lc_workflow.platform.manifest import Hearing


async def tell_of_move(event: ApplicationMoved, hearing: Hearing) -> None:
    """Notify whom a step of an application concerns, and send it to those who are online."""
    told = await TellingService(hearing.session).tell_of_move(event, event_id=hearing.event_id)
    _send(told, hearing)


async def tell_of_awaited_decision(event: DecisionAwaited, hearing: Hearing) -> None:
    """Notify whoever holds the stage of approval that is open now."""
    told = await TellingService(hearing.session).tell_of_awaited_decision(event, event_id=hearing.event_id)
    _send(told, hearing)


async def tell_of_given_task(event: TaskAssigned, hearing: Hearing) -> None:
    """Notify somebody to whom a colleague gave a task."""
    told = await TellingService(hearing.session).tell_of_given_task(event, event_id=hearing.event_id)
    _send(told, hearing)


async def tell_of_breach(event: DeadlineBreached, hearing: Hearing) -> None:
    """Notify whoever has a late task, and those above it."""
    told = await TellingService(hearing.session).tell_of_breach(event, event_id=hearing.event_id)
    _send(told, hearing)


async def tell_of_payment_to_confirm(event: DisbursementHandedOver, hearing: Hearing) -> None:
    """Notify those who may confirm a payment that is on its way."""
    told = await TellingService(hearing.session).tell_of_payment_to_confirm(event, event_id=hearing.event_id)
    _send(told, hearing)


async def tell_of_missing_payment(event: DisbursementFailed | DisbursementNotTaken, hearing: Hearing) -> None:
    """Notify those who want a loan paid out that it is not."""
    told = await TellingService(hearing.session).tell_of_missing_payment(event, event_id=hearing.event_id)
    _send(told, hearing)


async def tell_of_vacant_seat(event: DecisionByNobody, hearing: Hearing) -> None:
    """Notify whoever gives authority that nobody may take a decision that loans wait for."""
    told = await TellingService(hearing.session).tell_of_vacant_seat(event, event_id=hearing.event_id)
    _send(told, hearing)


async def tell_of_unlock_request(event: UnlockRequested, hearing: Hearing) -> None:
    """Notify the administrators that somebody is locked out, and send it to those who are online."""
    told = await TellingService(hearing.session).tell_of_unlock_request(event, event_id=hearing.event_id)
    _send(told, hearing)


def _send(told: Iterable[tuple[UUID, LiveNotification]], hearing: Hearing) -> None:
    """Send people what they were told, where they are online."""
    for person, message in told:
        hearing.send(f"user:{person}", msgspec.to_builtins(message))
