"""The paths of an approval's conditions."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import APPROVE, PROCESS
from lc_workflow.lending.approvals.queries import WhatIsSeen
from lc_workflow.lending.approvals.schemas import Deliberations
from lc_workflow.lending.conditions.schemas import Closing
from lc_workflow.lending.conditions.service import ConditionService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class ConditionController(Controller):
    """What has to be done before an approved loan is paid out."""

    path = "/api/v1/applications/{application_id:uuid}"
    tags = ("Approvals",)
    dependencies = {"conditions": provide(ConditionService)}

    @post("/conditions/{condition_id:uuid}/close", guards=[requires(PROCESS, APPROVE)], status_code=200)
    async def close(
        self,
        application_id: FromPath[UUID],
        condition_id: FromPath[UUID],
        conditions: NamedDependency[ConditionService],
        seen: NamedDependency[WhatIsSeen],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[Closing | None] = None,
    ) -> Deliberations:
        """Record that a condition is met."""
        note = data.note if data else None
        await conditions.close(application_id, condition_id, note, principal=principal, at=clock())
        return await seen.deliberations(application_id, principal=principal, at=clock())
