"""The paths of the first page and of the counts behind single places."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from lc_workflow.insight.dashboard.queries import Dashboard
from lc_workflow.insight.dashboard.schemas import (
    Activity,
    BranchStats,
    DepartmentStats,
    Performance,
    RecentApplication,
    Stats,
)
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ, reads_numbers
from lc_workflow.organization.branches.access import READ as READ_BRANCHES
from lc_workflow.organization.departments.access import READ as READ_DEPARTMENTS
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.reads import Reader

DASHBOARD = {"dashboard": provide(Dashboard)}


class DashboardController(Controller):
    """The first page; it counts within what the person may see, so whoever reads applications may open it."""

    path = "/api/v1/dashboard"
    tags = ("Dashboard",)
    dependencies = DASHBOARD
    guards = (requires(READ),)

    @get("/stats")
    async def stats(self, dashboard: NamedDependency[Dashboard], principal: NamedDependency[Principal]) -> Stats:
        """Count applications, accounts, places and papers."""
        return await dashboard.stats(principal)

    @get("/recent-applications")
    async def recent(
        self,
        dashboard: NamedDependency[Dashboard],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
        limit: Annotated[int, QueryParameter(ge=1, le=100)] = 5,
        today_only: FromQuery[bool] = False,
    ) -> list[RecentApplication]:
        """List the newest applications."""
        found = await dashboard.recent(principal, limit=limit, today_only=today_only, at=clock())
        return await reader.show(found, "application", allowed=reads_numbers(reader))

    @get("/activity-timeline")
    async def timeline(
        self,
        dashboard: NamedDependency[Dashboard],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        days: Annotated[int, QueryParameter(ge=1, le=365)] = 7,
    ) -> list[Activity]:
        """Tell what happened in the last days, newest first."""
        return await dashboard.timeline(principal, days=days, at=clock())

    @get("/performance-metrics")
    async def performance(
        self,
        dashboard: NamedDependency[Dashboard],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Performance:
        """Measure the decisions of the last thirty days."""
        return await dashboard.performance(principal, at=clock())


class PlaceStatsController(Controller):
    """Counts of one branch or one department."""

    path = "/api/v1"
    tags = ("Dashboard",)
    dependencies = DASHBOARD

    @get("/departments/{department_id:uuid}/stats", guards=[requires(READ_DEPARTMENTS)])
    async def department(
        self,
        department_id: FromPath[UUID],
        dashboard: NamedDependency[Dashboard],
        principal: NamedDependency[Principal],
    ) -> DepartmentStats:
        """Count a department's people."""
        return await dashboard.department(department_id, principal)

    @get("/branches/{branch_id:uuid}/stats", guards=[requires(READ_BRANCHES)])
    async def branch(
        self,
        branch_id: FromPath[UUID],
        dashboard: NamedDependency[Dashboard],
        principal: NamedDependency[Principal],
    ) -> BranchStats:
        """Count a branch's people and applications."""
        return await dashboard.branch(branch_id, principal)
