"""Counting the open work of a person, and handing it to a colleague."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from lc_workflow.lending.assignments.service import OpenAssignments
from lc_workflow.lending.events import TaskAssigned, TaskReleased
from lc_workflow.lending.tasks.access import Doing
from lc_workflow.lending.tasks.models import Task
from lc_workflow.lending.tasks.queries import least_loaded
from lc_workflow.platform.service import Service


class Desk(Service[Task]):
    """Answers what identity asks about people's open work (`identity/ports.py`): their assignments and their tasks."""

    noun = "task"

    async def waiting(self, user_id: UUID) -> int:
        """Count the assignments and the tasks that wait for a person."""
        tasks = await self.session.scalar(
            select(func.count()).select_from(Task).where(Task.owner_id == user_id, Task.closed_at.is_(None))
        )
        return (tasks or 0) + await OpenAssignments(self.session).waiting(user_id)

    async def hand_over(self, user_id: UUID, successor_id: UUID, *, by: UUID, at: datetime) -> int:
        """Give a person's assignments and tasks to a colleague.

        A task that the colleague may not do – for lack of a right or a seat, or by segregation of duties (lending.md
        §2) – goes back to the queue.

        Raises:
            NotFieldStaff, EmployeeRetired, EmployeeOfAnotherBranch: The colleague cannot take the assignments.
        """
        count = await OpenAssignments(self.session).hand_over(user_id, successor_id, by=by, at=at)
        tasks = await self.session.scalars(
            select(Task).where(Task.owner_id == user_id, Task.closed_at.is_(None)).order_by(Task.id).with_for_update()
        )
        for task in tasks.all():
            fit = await self._may_do(task, successor_id, at=at)
            task.owned_by(successor_id if fit else None, at=at)
            await self.session.flush()
            if fit:
                self.announce(
                    TaskAssigned(
                        actor_id=by,
                        at=at,
                        application_id=task.application_id,
                        task_id=task.id,
                        stage=task.stage.value,
                        owner_id=successor_id,
                    )
                )
            else:
                self.announce(
                    TaskReleased(
                        actor_id=by,
                        at=at,
                        application_id=task.application_id,
                        task_id=task.id,
                        stage=task.stage.value,
                        owner_id=user_id,
                    )
                )
            count += 1
        return count

    async def _may_do(self, task: Task, person: UUID, *, at: datetime) -> bool:
        doing = Doing.of(task)
        wanted = doing.brought(at=at) | {"person": person}
        return await least_loaded(doing.kind).value(self.session, **wanted) is not None
