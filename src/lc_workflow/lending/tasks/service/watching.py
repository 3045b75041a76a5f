"""What is told of tasks that wait too long, or for nobody."""

from datetime import datetime, timedelta
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import select, update

from lc_workflow.lending.events import DeadlineBreached, DecisionByNobody
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.tasks.access import waits_for_nobody
from lc_workflow.lending.tasks.models import Task
from lc_workflow.platform.service import Service

AT_ONCE = 500
"""How many breaches one transaction tells."""

TOLD_AGAIN = timedelta(days=1)
"""How long after it was told that nobody may decide somewhere it is told of further loans there."""


class WatchService(Service[Task]):
    """Looks after the tasks of everybody."""

    class Repo(SQLAlchemyAsyncRepository[Task]):
        """Tasks as rows."""

        model_type = Task

    repository_type = Repo
    noun = "task"

    async def tell_breaches(self, *, at: datetime) -> int:
        """Announce the tasks that became late, each once; answers how many."""
        told = 0
        while True:
            async with self.transaction():
                late = (
                    await self.session.scalars(
                        select(Task)
                        .where(Task.closed_at.is_(None), Task.breach_told_at.is_(None), Task.due_at <= at)
                        .order_by(Task.due_at)
                        .limit(AT_ONCE)
                        .with_for_update(skip_locked=True)
                    )
                ).all()
                for task in late:
                    assert task.due_at is not None  # noqa: S101 - it is late
                    task.breach_told_at = at
                    self.announce(
                        DeadlineBreached(
                            actor_id=None,
                            at=at,
                            application_id=task.application_id,
                            task_id=task.id,
                            stage=task.stage.value,
                            branch_id=task.branch_id,
                            owner_id=task.owner_id,
                            due_at=task.due_at.isoformat(),
                        )
                    )
            told += len(late)
            if len(late) < AT_ONCE:
                return told

    async def tell_of_vacant_seats(self, *, at: datetime) -> None:
        """Announce the decisions that nobody may take: once for all loans of a branch that wait at the same stage."""
        open_ = (Task.stage == Stage.MANAGER_REVIEW) & Task.closed_at.is_(None)
        nobody = waits_for_nobody(at=at)
        async with self.transaction():
            again = update(Task).where(open_, Task.nobody_told_at.is_not(None), ~nobody).values(nobody_told_at=None)
            await self.session.execute(again.execution_options(synchronize_session=False))
            waiting = await self.session.scalars(
                select(Task).where(open_, nobody).order_by(Task.opened_at, Task.id).with_for_update(skip_locked=True)
            )
            seats: dict[tuple[UUID | None, str | None, str | None], list[Task]] = {}
            for task in waiting:
                seats.setdefault((task.branch_id, task.seat_code, task.seat_role), []).append(task)
            for tasks in seats.values():
                self._tell_of_vacant_seat(tasks, at=at)

    def _tell_of_vacant_seat(self, tasks: list[Task], *, at: datetime) -> None:
        untold = [task for task in tasks if task.nobody_told_at is None]
        told = [task.nobody_told_at for task in tasks if task.nobody_told_at is not None]
        if not untold or (told and max(told) > at - TOLD_AGAIN):
            return
        for task in untold:
            task.nobody_told_at = at
        first = untold[0]
        self.announce(
            DecisionByNobody(
                actor_id=None,
                at=at,
                application_id=first.application_id,
                task_id=first.id,
                stage=first.stage.value,
                branch_id=first.branch_id,
                approval_stage=first.seat_code,
                role=first.seat_role,
                waiting=len(tasks),
            )
        )
