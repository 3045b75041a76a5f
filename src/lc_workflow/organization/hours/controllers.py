"""The paths of hours and holidays."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.hours.access import READ, UPDATE
from lc_workflow.organization.hours.schemas import HolidayAnswer, Hours, HoursAnswer, NewHoliday
from lc_workflow.organization.hours.service import HoursService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class BranchHoursController(Controller):
    """When branches are at work."""

    path = "/api/v1/branches/{branch_id:uuid}/hours"
    tags = ("Branches",)
    dependencies = {"hours": provide(HoursService)}

    @get(guards=[requires(READ)])
    async def read(
        self, branch_id: FromPath[UUID], hours: NamedDependency[HoursService], principal: NamedDependency[Principal]
    ) -> HoursAnswer:
        """Tell when a branch is at work."""
        return await hours.shown(branch_id, principal=principal)

    @put(guards=[requires(UPDATE)])
    async def set(
        self,
        branch_id: FromPath[UUID],
        data: JSONBody[Hours],
        hours: NamedDependency[HoursService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> HoursAnswer:
        """Set when a branch is at work; deadlines that are reckoned from now on follow it."""
        return await hours.set(branch_id, data, principal=principal, at=clock())


class HolidayController(Controller):
    """The days on which nobody works."""

    path = "/api/v1/holidays"
    tags = ("Branches",)
    dependencies = {"hours": provide(HoursService)}

    @get(guards=[requires(READ)])
    async def list_holidays(
        self,
        hours: NamedDependency[HoursService],
        year: Annotated[int | None, QueryParameter(ge=1900, le=9999)] = None,
        branch_id: FromQuery[UUID | None] = None,
    ) -> Sequence[HolidayAnswer]:
        """List holidays by day; those of the whole institution hold for each branch."""
        return [shaped(row, HolidayAnswer) for row in await hours.holidays(year=year, branch_id=branch_id)]

    @post(guards=[requires(UPDATE)])
    async def add(
        self,
        data: JSONBody[NewHoliday],
        hours: NamedDependency[HoursService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> HolidayAnswer:
        """Close a branch, or without one the whole institution, for a day."""
        return shaped(await hours.add_holiday(data, principal=principal, at=clock()), HolidayAnswer)

    @delete("/{holiday_id:uuid}", guards=[requires(UPDATE)])
    async def remove(
        self,
        holiday_id: FromPath[UUID],
        hours: NamedDependency[HoursService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Make a holiday an ordinary day."""
        await hours.remove_holiday(holiday_id, principal=principal, at=clock())
