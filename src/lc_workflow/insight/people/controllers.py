"""The paths of figures about accounts."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from lc_workflow.identity.users.access import READ
from lc_workflow.insight.people.access import READ as READ_FIGURES
from lc_workflow.insight.people.queries import People
from lc_workflow.insight.people.schemas import ActivityMetrics, OrganizationalMetrics, UserStats, UserSummary
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class PeopleController(Controller):
    """Accounts in figures."""

    path = "/api/v1/users"
    tags = ("Users",)
    dependencies = {"people": provide(People)}

    @get("/stats", guards=[requires(READ)])
    async def stats(
        self, people: NamedDependency[People], principal: NamedDependency[Principal], clock: NamedDependency[Clock]
    ) -> UserStats:
        """Count the accounts one may see by status and role."""
        return await people.stats(principal, at=clock())

    @get("/analytics/summary", guards=[requires(READ_FIGURES)])
    async def summary(
        self, people: NamedDependency[People], principal: NamedDependency[Principal], clock: NamedDependency[Clock]
    ) -> UserSummary:
        """Count the accounts one may see, and what has happened in the last 30 days."""
        return await people.summary(principal, at=clock())

    @get("/analytics/activity-metrics", guards=[requires(READ_FIGURES)])
    async def activity(
        self,
        people: NamedDependency[People],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        days: Annotated[int, QueryParameter(ge=1, le=365)] = 30,
        department_id: FromQuery[UUID | None] = None,
        branch_id: FromQuery[UUID | None] = None,
    ) -> ActivityMetrics:
        """Count who worked with the system, everywhere or in one place, and the sign-ins of each day."""
        return await people.activity(principal, days=days, department_id=department_id, branch_id=branch_id, at=clock())

    @get("/analytics/organizational-metrics", guards=[requires(READ_FIGURES)])
    async def organization(
        self, people: NamedDependency[People], principal: NamedDependency[Principal], clock: NamedDependency[Clock]
    ) -> OrganizationalMetrics:
        """Count the accounts of each department, branch and position."""
        return await people.organization(principal, at=clock())
