"""Counting the open work of a person, and handing it to a colleague."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from lc_workflow.lending.assignments.service import OpenAssignments
from lc_workflow.lending.tasks.models import Task
from lc_workflow.lending.tasks.service import TaskService
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
        work = TaskService(self.session)
        for task in tasks.all():
            if await work.fit_for(task, successor_id, at=at):
                work.give(task, successor_id, by=by, at=at)
            else:
                work.give_back(task, by=by, at=at)
            count += 1
        return count
