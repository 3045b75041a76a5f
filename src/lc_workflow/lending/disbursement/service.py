"""Asking for loans to be paid out, handing them over, and confirming what was paid."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from advanced_alchemy.filters import OrderBy
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import Forbidden, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.queries import WhatIsSeen
from lc_workflow.lending.disbursement.access import CONFIRM, REQUEST, may_come_to_confirm
from lc_workflow.lending.disbursement.jobs import CALL_OFF, HAND_OVER
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.disbursement.schemas import Confirmation
from lc_workflow.lending.events import (
    DisbursementAskedAgain,
    DisbursementConfirmed,
    DisbursementFailed,
    DisbursementRequested,
)
from lc_workflow.lending.quotes.service import QuoteService
from lc_workflow.lending.rules.disbursement import (
    DisbursementStatus,
    NobodyConfirms,
    TermsMissing,
    key_of_order,
    objections_to_confirming,
    objections_to_failing,
    payment_of,
)
from lc_workflow.lending.rules.stages import Action, step_by
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.jobs import ask_for, is_under_way
from lc_workflow.platform.service import Service


class NotYourDisbursement(Forbidden):
    """The person's right to ask or to confirm does not reach this application's branch."""


class DisbursementService(Service[DisbursementRequest]):
    """The requests to pay out the applications one may see."""

    noun = "disbursement request"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._workflow = WorkflowService(session)
        self._seen = WhatIsSeen(session)
        self._quotes = QuoteService(session)
        self._tasks = TaskService(session)

    async def request(self, application_id: UUID, *, principal: Principal, at: datetime) -> DisbursementRequest:
        """Ask for an approved loan to be paid out; asking again returns the request that stands.

        If that request was given up because the other side did not answer for too long, it is handed over again.

        Raises:
            Missing: There is no such application, or the person may not see it.
            NotYourDisbursement, SodRepeat, SodParty, NoSuchStep: It is not for them, or cannot be asked for.
            ApprovalExpired, ConditionsOpen, TermsMissing: It cannot be paid out yet, or any more.
            AccountOfAnother: Another customer would be paid.
            NobodyConfirms: Nobody else may say whether it was paid, and the loan would wait for that for good.
            FeesExhaustPrincipal: Nothing would be paid out.
        """
        async with self.transaction():
            application = await self._workflow.find(visible_to(principal), id=application_id, lock=True)
            await self._check_may(REQUEST, application, principal, at=at)
            earlier = await self.get_many(DisbursementRequest.application_id == application_id)
            for request in earlier:
                if request.status is not DisbursementStatus.FAILED:
                    await self._revive(request, by=principal.id, at=at)
                    return request
            step_by(Action.DISBURSE, application.workflow_status)
            for obstacle in await self._workflow.obstacles_to_disbursing(application_id, principal=principal, at=at):
                raise obstacle
            if application.approved_amount is None or application.account_id is None:
                raise TermsMissing("Without an approved amount and an account id nothing can be paid out.")
            fees = await self._quotes.fees(application, application.approved, at=at)
            payment = payment_of(application.approved_amount, fees)
            await self._check_is_confirmed_by_another(application, principal.id, at=at)
            request_id = uuid4()
            request = DisbursementRequest(
                id=request_id,
                application_id=application.id,
                cycle=application.cycle,
                status=DisbursementStatus.REQUESTED,
                amount=payment.amount,
                deducted_fees=payment.deducted_fees,
                currency=application.currency,
                account_id=application.account_id,
                requested_by=principal.id,
                requested_at=at,
                attempts=0,
                order_key=key_of_order(
                    application_id=application.id,
                    request_id=request_id,
                    failed=[(each.key, each.fate) for each in earlier],
                ),
            )
            application.disbursement_requested_at = at
            self.session.add(request)
            await self.session.flush()
            await ask_for(self.session, HAND_OVER, request_id=request.id)
            await self._tasks.followed_up_by(application.id, principal.id, at=at)
            self.announce(
                DisbursementRequested(
                    actor_id=principal.id,
                    at=at,
                    application_id=application.id,
                    request_id=request.id,
                    amount=str(request.amount),
                    principal=str(request.principal),
                    deducted_fees=str(request.deducted_fees),
                    currency=request.currency.value,
                )
            )
        return request

    async def confirm(
        self, request_id: UUID, wish: Confirmation, *, principal: Principal, at: datetime
    ) -> DisbursementRequest:
        """Confirm that a loan was paid out as asked for: the application is disbursed in the same transaction.

        An order file still waiting in the folder, because the loan was paid another way, is removed.

        Raises:
            Missing: There is no such request, or the person may not see its application.
            NotYourDisbursement, SodRepeat, SodParty, DisbursementOver, SodRequester, AmountMismatch: It cannot be.
            PaidInFuture, PaidBeforeRequest: It cannot have been paid on that day.
        """
        async with self.transaction():
            application, request = await self._locked(request_id, principal, at=at)
            for objection in objections_to_confirming(
                status=request.status,
                requester=request.requested_by,
                confirmer=principal.id,
                asked=request.payment,
                currency=request.currency.value,
                paid=(wish.amount, wish.currency.value),
                paid_on=wish.paid_on,
                requested_on=local_day(await self._ordered_at(request)),
                today=local_day(at),
            ):
                raise objection
            request.status = DisbursementStatus.CONFIRMED
            request.closed_by, request.closed_at = principal.id, at
            request.paid_on, request.reference = wish.paid_on, wish.reference
            application.loan_start_date = wish.paid_on
            await ask_for(self.session, CALL_OFF, request_id=request.id)
            await self._workflow.disburse(application, principal=principal, at=at, comment=wish.reference)
            if ends_on := await self._quotes.end_of(application, at=at):
                application.loan_end_date = ends_on
            self.announce(
                DisbursementConfirmed(
                    actor_id=principal.id,
                    at=at,
                    application_id=application.id,
                    request_id=request.id,
                    reference=wish.reference,
                )
            )
        return request

    async def fail(self, request_id: UUID, reason: str, *, principal: Principal, at: datetime) -> DisbursementRequest:
        """Record that a loan was not paid out, so that it can be asked for again.

        An order file waiting to be fetched is removed; a payment system that has the order is not told.

        Raises:
            Missing: There is no such request, or the person may not see its application.
            NotYourDisbursement, SodRepeat, SodParty, DisbursementOver, SodRequester: It cannot be.
        """
        async with self.transaction():
            application, request = await self._locked(request_id, principal, at=at)
            for objection in objections_to_failing(
                status=request.status,
                requester=request.requested_by,
                person=principal.id,
                was_handed_over=request.handed_over_at is not None,
            ):
                raise objection
            request.status = DisbursementStatus.FAILED
            request.closed_by, request.closed_at, request.failure_reason = principal.id, at, reason
            application.disbursement_requested_at = None
            await ask_for(self.session, CALL_OFF, request_id=request.id)
            self.announce(
                DisbursementFailed(
                    actor_id=principal.id, at=at, application_id=application.id, request_id=request.id, reason=reason
                )
            )
        return request

    async def of_application(self, application_id: UUID, *, principal: Principal) -> Sequence[DisbursementRequest]:
        """List the requests of an application, the newest first.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self._workflow.find(visible_to(principal), id=application_id)
        return await self.get_many(
            DisbursementRequest.application_id == application_id, OrderBy("requested_at", "desc"), OrderBy("id")
        )

    async def page(
        self, window: Window, *, status: DisbursementStatus | None, principal: Principal
    ) -> tuple[Sequence[DisbursementRequest], int]:
        """List the requests one may see, the oldest first, with how many there are in all."""
        seen = select(CustomerApplication.id).where(visible_to(principal))
        where: list[ColumnElement[bool]] = [DisbursementRequest.application_id.in_(seen)]
        if status is not None:
            where.append(DisbursementRequest.status == status)
        return await self.page_of(window, *where, by=[DisbursementRequest.requested_at, DisbursementRequest.id])

    async def _revive(self, request: DisbursementRequest, *, by: UUID, at: datetime) -> None:
        """Hand over a given-up request again: the same order, under the same key."""
        if request.status is not DisbursementStatus.REQUESTED:
            return
        if not await is_under_way(self.session, HAND_OVER, request_id=request.id):
            await ask_for(self.session, HAND_OVER, request_id=request.id)
            self.announce(
                DisbursementAskedAgain(actor_id=by, at=at, application_id=request.application_id, request_id=request.id)
            )

    async def _ordered_at(self, request: DisbursementRequest) -> datetime:
        """When what a request asks for was first ordered under its key; an order marked as failed may still be paid."""
        of_loan = await self.get_many(DisbursementRequest.application_id == request.application_id)
        return min(each.requested_at for each in of_loan if each.key == request.key)

    async def _locked(
        self, request_id: UUID, principal: Principal, *, at: datetime
    ) -> tuple[CustomerApplication, DisbursementRequest]:
        """Lock the application, which always comes first, and then its request."""
        application_id = await application_of(self.session, {"request_id": request_id})
        if application_id is None:
            raise Missing.unseen("disbursement request")
        application = await self._workflow.find(visible_to(principal), id=application_id, lock=True)
        await self._check_may(CONFIRM, application, principal, at=at)
        return application, await self.find(id=request_id, lock=True)

    async def _check_is_confirmed_by_another(
        self, application: CustomerApplication, person: UUID, *, at: datetime
    ) -> None:
        others = select(exists().where(User.id != person, may_come_to_confirm(application, at=at)))
        if not await self.session.scalar(others):
            raise NobodyConfirms(
                "Nobody else may confirm this payment: let a colleague ask for it, or have somebody given the right"
                f" {CONFIRM} here."
            )

    async def _check_may(
        self, permission: str, application: CustomerApplication, principal: Principal, *, at: datetime
    ) -> None:
        if not principal.reaches(permission, owner_id=application.user_id, branch_id=application.branch_id):
            raise NotYourDisbursement(f"This needs the permission {permission} for the application's branch.")
        await self._seen.check_has_no_tie(application, principal.id, at=at)


async def application_of(session: AsyncSession, named: Mapping[str, Any]) -> UUID | None:
    """The application of the request that a path names; None where there is no such request."""
    about: UUID | None = await session.scalar(
        select(DisbursementRequest.application_id).where(DisbursementRequest.id == named["request_id"])
    )
    return about
