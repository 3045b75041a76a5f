"""Handing payment requests over to the payment system until it confirms that it has them, and calling them off."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.events import DisbursementHandedOver, DisbursementNotTaken
from lc_workflow.lending.rules.disbursement import UNDER_WAY, DisbursementStatus
from lc_workflow.platform.jobs import Job, Workplace, ask_for
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.payout.base import Connector, HandOverFailed, OrderRefused, PaymentOrder
from lc_workflow.platform.payout.drop import CsvDrop
from lc_workflow.platform.watching.metrics import Called, Outcome, called


def connector_of(place: Workplace) -> Connector:
    """How this installation hands payments over: by webhook, or as files in its store."""
    if place.settings.disbursement_webhook is None:
        return CsvDrop(place.store)
    # Loading the client takes 0.1 s and some memory; an installation without a webhook need not pay for it.
    from lc_workflow.platform.payout.webhook import Webhook  # noqa: PLC0415

    return Webhook(place.settings.disbursement_webhook, clock=place.clock)


TRIES: Final = 10
"""How often a hand-over is tried before somebody has to ask for it again: over about four hours."""

WORRYING: Final = 5
"""After this many tries, some six minutes, people are told that a payment is not accepted."""


async def hand_over(place: Workplace, request_id: UUID) -> None:
    """Hand one request over; no database connection is held while waiting for the other side.

    When the process dies after the other side acted, this is done again with the same key, and pays nothing.

    Raises:
        HandOverFailed: The request is not known to have arrived; it is tried again.
    """
    async with place.sessions() as session:
        order = await _order(session, request_id)
    if order is None:
        return
    connector = connector_of(place)
    failure: HandOverFailed | None = None
    reference: str | None = None
    try:
        reference = await connector.hand_over(order)
    except HandOverFailed as failed:
        failure = failed
    called(Called.PAYMENT, Outcome.FAILED if failure else Outcome.TAKEN)
    async with place.sessions() as session:
        request = await session.get_one(DisbursementRequest, request_id, with_for_update=True)
        request.attempts += 1
        known: dict[str, Any] = {
            "actor_id": None, "at": place.clock(), "application_id": request.application_id, "request_id": request.id,
        }  # fmt: skip
        request.connector = connector.name
        request.last_error = str(failure) if failure else None
        request.refused_at = place.clock() if isinstance(failure, OrderRefused) else None
        if failure is None and request.handed_over_at is None:
            # Whoever closed the request meanwhile did not know that it had arrived; an auditor must be able to see it.
            if request.status is DisbursementStatus.REQUESTED:
                request.status = DisbursementStatus.HANDED_OVER
            request.handed_over_at, request.external_reference = place.clock(), reference
            session.add(JournalEntry.of(DisbursementHandedOver(**known, connector=connector.name)))
        waits = failure is not None and request.status is DisbursementStatus.REQUESTED
        if waits and request.attempts % TRIES == WORRYING:
            session.add(JournalEntry.of(DisbursementNotTaken(**known, attempts=request.attempts)))
        if request.status not in UNDER_WAY and connector.name == CsvDrop.name:
            await ask_for(session, CALL_OFF, request_id=request.id)
        await session.commit()
    if failure:
        raise failure


HAND_OVER = Job(name="hand_over_disbursement", work=hand_over, attempts=TRIES, outside=True)


async def call_off(place: Workplace, request_id: UUID) -> None:
    """Remove a cancelled order's file from the folder; with a payment system, people have to cancel it themselves.

    The application stays locked meanwhile: another order for it would have the same file name.

    Raises:
        Unavailable: The store cannot be reached now; it is tried again.
    """
    async with place.sessions() as session:
        request = await session.get_one(DisbursementRequest, request_id)
        its = DisbursementRequest.application_id == request.application_id
        await session.execute(
            select(CustomerApplication.id).where(CustomerApplication.id == request.application_id).with_for_update()
        )
        waits = await session.scalar(select(exists().where(its, DisbursementRequest.status.in_(UNDER_WAY))))
        if not waits and request.connector in {None, CsvDrop.name}:
            await CsvDrop(place.store).call_off(request.application_id)


CALL_OFF = Job(name="call_off_disbursement", work=call_off, attempts=10, outside=True)


async def _order(session: AsyncSession, request_id: UUID) -> PaymentOrder | None:
    """The payment to hand over; None when it was handed over, confirmed or cancelled meanwhile."""
    found = (
        await session.execute(
            select(DisbursementRequest, CustomerApplication.full_name_latin, CustomerApplication.full_name_khmer)
            .join(CustomerApplication, CustomerApplication.id == DisbursementRequest.application_id)
            .where(DisbursementRequest.id == request_id, DisbursementRequest.status == DisbursementStatus.REQUESTED)
        )
    ).one_or_none()
    if found is None:
        return None
    request, latin, khmer = found
    return PaymentOrder(
        external_id=request.application_id,
        order_key=request.key,
        request_id=request.id,
        account_id=request.account_id,
        beneficiary=latin or khmer or "",
        amount=request.amount,
        principal=request.principal,
        deducted_fees=request.deducted_fees,
        currency=request.currency.value,
    )
