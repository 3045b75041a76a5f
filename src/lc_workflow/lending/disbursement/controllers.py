"""The paths of disbursements."""

from typing import Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.disbursement.access import CONFIRM, READ, REQUEST
from lc_workflow.lending.disbursement.schemas import Confirmation, DisbursementAnswer, Failure
from lc_workflow.lending.disbursement.service import DisbursementService, application_of
from lc_workflow.lending.rules.disbursement import DisbursementStatus
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import ABOUT, ALARMING, requires

OF_A_PAYMENT: Final = {ALARMING: Forbidden, ABOUT: application_of}


class ApplicationDisbursementController(Controller):
    """Asking for an approved loan to be paid out."""

    path = "/api/v1/applications/{application_id:uuid}/disbursement-requests"
    tags = ("Disbursement",)
    dependencies = {"disbursements": provide(DisbursementService)}

    @get(guards=[requires(READ)])
    async def list_of_application(
        self,
        application_id: FromPath[UUID],
        disbursements: NamedDependency[DisbursementService],
        principal: NamedDependency[Principal],
    ) -> list[DisbursementAnswer]:
        """List the requests of an application, the newest first."""
        rows = await disbursements.of_application(application_id, principal=principal)
        return [shaped(row, DisbursementAnswer) for row in rows]

    @post(guards=[requires(REQUEST)], status_code=200, opt={ALARMING: Forbidden})
    async def request(
        self,
        application_id: FromPath[UUID],
        disbursements: NamedDependency[DisbursementService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DisbursementAnswer:
        """Ask for an approved loan to be paid out; asking again returns the request that stands."""
        request = await disbursements.request(application_id, principal=principal, at=clock())
        return shaped(request, DisbursementAnswer)


class DisbursementController(Controller):
    """Confirming that loans were paid out."""

    path = "/api/v1/disbursement-requests"
    tags = ("Disbursement",)
    dependencies = {"disbursements": provide(DisbursementService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_requests(
        self,
        disbursements: NamedDependency[DisbursementService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        status: FromQuery[DisbursementStatus | None] = None,
    ) -> Page[DisbursementAnswer]:
        """List requests to pay out, the oldest first."""
        rows, total = await disbursements.page(window, status=status, principal=principal)
        return Page.of([shaped(row, DisbursementAnswer) for row in rows], total=total, window=window)

    @post("/{request_id:uuid}/confirm", guards=[requires(CONFIRM)], status_code=200, opt=OF_A_PAYMENT)
    async def confirm(
        self,
        request_id: FromPath[UUID],
        data: JSONBody[Confirmation],
        disbursements: NamedDependency[DisbursementService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DisbursementAnswer:
        """Confirm a payment; somebody else than who asked for it does."""
        return shaped(
            await disbursements.confirm(request_id, data, principal=principal, at=clock()), DisbursementAnswer
        )

    @post("/{request_id:uuid}/fail", guards=[requires(CONFIRM)], status_code=200, opt=OF_A_PAYMENT)
    async def fail(
        self,
        request_id: FromPath[UUID],
        data: JSONBody[Failure],
        disbursements: NamedDependency[DisbursementService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DisbursementAnswer:
        """Record that a loan was not paid out, and why."""
        request = await disbursements.fail(request_id, data.reason, principal=principal, at=clock())
        return shaped(request, DisbursementAnswer)
