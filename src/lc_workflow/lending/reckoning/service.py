"""Recalculating the deadlines of open work, by the hours and holidays as they are now."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from lc_workflow.lending.deadlines.models import StageDeadline
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.tasks import WORK, Deadline, deadline
from lc_workflow.lending.tasks.models import Task
from lc_workflow.organization.hours.service import calendars
from lc_workflow.organization.rules.hours import NeverOpen
from lc_workflow.platform.service import Service

AT_ONCE = 100
"""How many tasks one transaction handles, so that none is locked for long."""


class ReckoningService(Service[Task]):
    """The deadlines of all open work."""

    noun = "task"

    async def reckon_anew(self) -> int:
        """Move the deadlines that have changed; return how many.

        Work keeps the minutes that it was opened with. A task that is no longer late is announced again when it becomes
        late.
        """
        said = await self.session.execute(select(StageDeadline.stage, StageDeadline.minutes))
        usual = {stage: work.minutes for stage, work in WORK.items()} | {row.stage: row.minutes for row in said}
        runs = Task.due_at.is_not(None) | Task.minutes.is_not(None)  # only one of the two: its branch was never open
        moved, last = 0, UUID(int=0)
        while True:
            async with self.transaction():
                tasks = (
                    await self.session.scalars(
                        select(Task)
                        .where(Task.closed_at.is_(None), runs, Task.id > last)
                        .order_by(Task.id)
                        .limit(AT_ONCE)
                        .with_for_update()
                    )
                ).all()
                moved += await self._move(tasks, usual) if tasks else 0
            if len(tasks) < AT_ONCE:
                return moved
            last = tasks[-1].id

    async def _move(self, tasks: Sequence[Task], usual: Mapping[Stage, int | None]) -> int:
        since = min(task.opened_at for task in tasks).date() - timedelta(days=1)
        known = await calendars(self.session, [task.branch_id for task in tasks], since=since)
        used = await self._used([task.application_id for task in tasks])
        moved = 0
        for task in tasks:
            try:
                limits = deadline(
                    task.opened_at,
                    minutes=task.minutes or usual[task.stage] or 0,
                    used=timedelta(seconds=used.get((task.application_id, task.cycle, task.stage), 0)),
                    calendar=known[task.branch_id],
                )
            except NeverOpen:  # a branch with impossible hours must not stop the others
                continue
            moved += _moved(task, limits)
        return moved

    async def _used(self, applications: Sequence[UUID]) -> dict[tuple[UUID, int, Stage], int]:
        """The time each stage of these applications took before, in each cycle, in seconds."""
        of_what = (Task.application_id, Task.cycle, Task.stage)
        took = select(*of_what, func.sum(Task.used_seconds)).where(Task.application_id.in_(applications))
        rows = await self.session.execute(took.group_by(*of_what))
        return {(application_id, cycle, stage): seconds for application_id, cycle, stage, seconds in rows}


def _moved(task: Task, limits: Deadline) -> bool:
    if (task.at_risk_at, task.due_at) == (limits.at_risk_at, limits.due_at):
        return False
    if task.breach_told_at is not None and task.breach_told_at < limits.due_at:
        task.breach_told_at = None
    task.at_risk_at, task.due_at = limits.at_risk_at, limits.due_at
    return True
