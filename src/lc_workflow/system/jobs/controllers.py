"""The paths of jobs."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires
from lc_workflow.system.jobs.access import MANAGE, READ
from lc_workflow.system.jobs.schemas import JobAnswer, JobStatus
from lc_workflow.system.jobs.service import JobQueue


class JobController(Controller):
    """Work in the background."""

    path = "/api/v1/jobs"
    tags = ("Jobs",)
    dependencies = {"queue": provide(JobQueue), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_jobs(
        self,
        queue: NamedDependency[JobQueue],
        window: NamedDependency[Window],
        status: FromQuery[JobStatus | None] = None,
    ) -> Page[JobAnswer]:
        """List jobs, the newest first: those that wait, run, failed, or were over within the last day."""
        jobs, total = await queue.page(window, status=status)
        return Page.of(jobs, total=total, window=window)

    @post("/{number:int}/retry", guards=[requires(MANAGE)], status_code=200)
    async def retry(
        self,
        number: FromPath[int],
        queue: NamedDependency[JobQueue],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> JobAnswer:
        """Try a failed job once more."""
        return await queue.retry(number, principal=principal, at=clock())
