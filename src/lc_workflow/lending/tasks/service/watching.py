"""Reporting tasks that are late, and decisions that nobody may take."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from lc_workflow.lending.events import DeadlineBreached, DecisionByNobody
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.tasks.access import waits_for_nobody
from lc_workflow.lending.tasks.models import Task
from lc_workflow.platform.service import Service

AT_ONCE = 500
"""How many breaches one transaction announces."""

TOLD_AGAIN = timedelta(days=1)
"""How long to wait before the same vacant seat is reported again for further loans."""


class WatchService(Service[Task]):
    """Watches over everybody's tasks."""

    noun = "task"

    async def tell_breaches(self, *, at: datetime) -> int:
        """Announce the tasks that have become late, each once; return how many."""
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
        """Announce decisions that nobody may take: once for all loans of a branch waiting at the same stage."""
        open_ = (Task.stage == Stage.MANAGER_REVIEW) & Task.closed_at.is_(None)
        nobody = waits_for_nobody(at=at)
        async with self.transaction():
            again = update(Task).where(open_, Task.nobody_told_at.is_not(None), ~nobody).values(nobody_told_at=None)
            await self.session.execute(again.execution_options(synchronize_session=False))
            untold = Task.nobody_told_at.is_(None)
            in_turn = Task.opened_at, Task.id
            seat = Task.branch_id, Task.seat_code, Task.seat_role
            waiting = await self.session.execute(
                select(
                    *seat,
                    func.count().label("waiting"),
                    func.max(Task.nobody_told_at).label("told_at"),
                    func.array_agg(aggregate_order_by(Task.id, *in_turn)).filter(untold).label("tasks"),
                    func.array_agg(aggregate_order_by(Task.application_id, *in_turn)).filter(untold).label("loans"),
                )
                .where(open_, nobody)
                .group_by(*seat)
                .order_by(func.min(Task.opened_at))
            )
            for found in waiting.all():
                if not found.tasks or (found.told_at and found.told_at > at - TOLD_AGAIN):
                    continue
                told = update(Task).where(Task.id.in_(found.tasks), open_).values(nobody_told_at=at)
                await self.session.execute(told.execution_options(synchronize_session=False))
                self.announce(
                    DecisionByNobody(
                        actor_id=None,
                        at=at,
                        application_id=found.loans[0],
                        task_id=found.tasks[0],
                        stage=Stage.MANAGER_REVIEW.value,
                        branch_id=found.branch_id,
                        approval_stage=found.seat_code,
                        role=found.seat_role,
                        waiting=found.waiting,
                    )
                )
