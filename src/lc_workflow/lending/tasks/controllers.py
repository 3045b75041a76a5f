"""The paths of tasks."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.tasks.access import ASSIGN, READ
from lc_workflow.lending.tasks.schemas import Queue, TaskAnswer, TaskAssignment
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class TaskController(Controller):
    """The work that waits, and who does it."""

    path = "/api/v1/tasks"
    tags = ("Tasks",)
    dependencies = {"tasks": provide(TaskService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_tasks(
        self,
        tasks: NamedDependency[TaskService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        window: NamedDependency[Window],
        queue: FromQuery[Queue] = Queue.MINE,
        stage: FromQuery[Stage | None] = None,
    ) -> Page[TaskAnswer]:
        """List a queue, the most urgent first: one's own tasks, those one could take, the team's, or the late ones."""
        now = clock()
        found, total = await tasks.page(queue, window, stage=stage, principal=principal, at=now)
        return Page.of(found, total=total, window=window)

    @post("/{task_id:uuid}/claim", guards=[requires(READ)], status_code=200)
    async def claim(
        self,
        task_id: FromPath[UUID],
        tasks: NamedDependency[TaskService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> TaskAnswer:
        """Take a task."""
        return await tasks.claim(task_id, principal=principal, at=clock())

    @post("/{task_id:uuid}/release", guards=[requires(READ)], status_code=200)
    async def release(
        self,
        task_id: FromPath[UUID],
        tasks: NamedDependency[TaskService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> TaskAnswer:
        """Give a task back to the queue."""
        return await tasks.release(task_id, principal=principal, at=clock())

    @post("/{task_id:uuid}/assign", guards=[requires(ASSIGN)], status_code=200)
    async def assign(
        self,
        task_id: FromPath[UUID],
        tasks: NamedDependency[TaskService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[TaskAssignment | None] = None,
    ) -> TaskAnswer:
        """Give a task to somebody, or without a name to whoever may do it and has the least to do."""
        return await tasks.assign(task_id, data.user_id if data else None, principal=principal, at=clock())
