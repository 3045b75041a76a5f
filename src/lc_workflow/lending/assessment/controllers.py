"""The paths of assessments."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.assessment.access import ASSESS, READ, READ_POLICY, SET_POLICY, UPDATE
from lc_workflow.lending.assessment.models import Affordability, FinancialLine
from lc_workflow.lending.assessment.schemas import (
    AffordabilityAnswer,
    FinancialLineAnswer,
    Financials,
    FinancialsWish,
    PolicyBody,
)
from lc_workflow.lending.assessment.service import AssessmentService
from lc_workflow.lending.rules.affordability import Policy
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.http.versions import EXPECTED_VERSION, ExpectedVersion
from lc_workflow.platform.security.guards import requires


class AssessmentController(Controller):
    """What a household earns, spends and owes, and whether it can repay."""

    path = "/api/v1"
    tags = ("Assessment",)
    dependencies = {"assessment": provide(AssessmentService)}

    @get("/applications/{application_id:uuid}/financials", guards=[requires(READ)])
    async def financials(
        self,
        application_id: FromPath[UUID],
        assessment: NamedDependency[AssessmentService],
        principal: NamedDependency[Principal],
    ) -> Financials:
        """List an application's incomes, expenses and debts."""
        return _listed(await assessment.financials(application_id, principal=principal))

    @put("/applications/{application_id:uuid}/financials", guards=[requires(UPDATE)], dependencies=EXPECTED_VERSION)
    async def record(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[FinancialsWish],
        assessment: NamedDependency[AssessmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
    ) -> Financials:
        """Set all incomes, expenses and debts, replacing the earlier ones."""
        recorded = await assessment.record(
            application_id, data.lines, expected_version=expected_version, principal=principal, at=clock()
        )
        return _listed(recorded)

    @post("/applications/{application_id:uuid}/affordability", guards=[requires(*ASSESS)])
    async def judge(
        self,
        application_id: FromPath[UUID],
        assessment: NamedDependency[AssessmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> AffordabilityAnswer:
        """Assess whether the household can repay, and record the findings."""
        return _found(await assessment.judge(application_id, principal=principal, at=clock()))

    @get("/applications/{application_id:uuid}/affordability", guards=[requires(READ)])
    async def affordability(
        self,
        application_id: FromPath[UUID],
        assessment: NamedDependency[AssessmentService],
        principal: NamedDependency[Principal],
    ) -> AffordabilityAnswer:
        """Show the latest affordability assessment."""
        row, is_current = await assessment.latest(application_id, principal=principal)
        return msgspec.structs.replace(_found(row), is_current=is_current)

    @get("/assessment-policy", guards=[requires(READ_POLICY)])
    async def policy(self, assessment: NamedDependency[AssessmentService]) -> Policy:
        """Show the house's limits."""
        return await assessment.policy()

    @put("/assessment-policy", guards=[requires(SET_POLICY)])
    async def set_policy(
        self,
        data: JSONBody[PolicyBody],
        assessment: NamedDependency[AssessmentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Policy:
        """Set the house's limits for assessments from now on."""
        return await assessment.set_policy(data, principal=principal, at=clock())


def _listed(rows: Iterable[FinancialLine]) -> Financials:
    return Financials([shaped(row, FinancialLineAnswer) for row in rows])


def _found(row: Affordability) -> AffordabilityAnswer:
    return msgspec.convert(row.document, AffordabilityAnswer)
