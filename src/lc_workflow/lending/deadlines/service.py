"""Reading and setting how long stages may take."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.deadlines.models import StageDeadline
from lc_workflow.lending.deadlines.schemas import StageMinutesAnswer
from lc_workflow.lending.events import StageDeadlineSet
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.tasks import WORK
from lc_workflow.platform.service import Service


class WithoutDeadline(Invalid):
    """Nothing waits for the house at this stage, so no clock runs."""


class DeadlineService(Service[StageDeadline]):
    """How long each stage may take."""

    noun = "deadline"

    async def all(self) -> list[StageMinutesAnswer]:
        """List the stages that have a deadline, in the order an application passes them."""
        said = {row.stage: row.minutes for row in await self.session.scalars(select(StageDeadline))}
        return [
            StageMinutesAnswer(stage, said.get(stage, work.minutes), stage not in said)
            for stage, work in WORK.items()
            if work.minutes is not None
        ]

    async def set(
        self, stage: Stage, minutes: int | None, *, principal: Principal, at: datetime
    ) -> list[StageMinutesAnswer]:
        """Say how many working minutes a stage may take; work that is open keeps the deadline it has.

        Raises:
            WithoutDeadline: The stage has none.
        """
        if stage not in WORK or WORK[stage].minutes is None:
            raise WithoutDeadline(f"No clock runs while an application stands at {stage}.")
        async with self.transaction():
            said = minutes or WORK[stage].minutes or 0
            # Of two who set a deadline for the first time at once, the second finds what the first has set.
            await self.session.execute(
                insert(StageDeadline)
                .values(id=uuid4(), stage=stage, minutes=said, created_at=at, updated_at=at)
                .on_conflict_do_nothing(index_elements=[StageDeadline.stage])
            )
            row = await self.get_one(stage=stage, with_for_update=True)
            row.minutes, row.updated_at = said, at
            if minutes is None:
                await self.session.delete(row)
            self.announce(
                StageDeadlineSet(actor_id=principal.id, at=at, deadline_id=row.id, stage=stage.value, minutes=minutes)
            )
        return await self.all()
