"""The paths of deadlines."""

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.deadlines.access import MANAGE, READ
from lc_workflow.lending.deadlines.schemas import StageMinutes, StageMinutesAnswer
from lc_workflow.lending.deadlines.service import DeadlineService
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class DeadlineController(Controller):
    """How long each stage may take, in minutes of working time."""

    path = "/api/v1/stage-deadlines"
    tags = ("Tasks",)
    dependencies = {"deadlines": provide(DeadlineService)}

    @get(guards=[requires(READ)])
    async def list_deadlines(self, deadlines: NamedDependency[DeadlineService]) -> list[StageMinutesAnswer]:
        """List how long each stage may take."""
        return await deadlines.all()

    @put("/{stage:str}", guards=[requires(MANAGE)])
    async def set(
        self,
        stage: FromPath[Stage],
        data: JSONBody[StageMinutes],
        deadlines: NamedDependency[DeadlineService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> list[StageMinutesAnswer]:
        """Say how long a stage may take; work that is open keeps its deadline."""
        return await deadlines.set(stage, data.minutes, principal=principal, at=clock())
