"""Setting the hours of branches and the holidays, and reading them as the calendar that working time is counted by."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Date, Select, Uuid, bindparam, column, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.dates import is_time_zone
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.access import visible_to
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.events import HolidayAdded, HolidayRemoved, HoursSet
from lc_workflow.organization.hours.models import BranchHours, Holiday
from lc_workflow.organization.hours.schemas import Hours, HoursAnswer, NewHoliday, WorkingDay
from lc_workflow.organization.rules.hours import (
    MIDNIGHT,
    OFFICE_WEEK,
    ZONE,
    BusinessHours,
    shifts_of_day,
)
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.service import Service

DEFAULT_WEEK: Final = tuple(
    WorkingDay(weekday=day + 1, opens="08:00", closes="17:00", lunch_begins="12:00", lunch_ends="13:00")
    for day in OFFICE_WEEK
)


class BadHours(Invalid):
    """A day closes before it opens, is named twice, or its lunch lies outside of it."""


class UnknownTimeZone(Invalid):
    """There is no time zone of this name."""


class HolidayExists(Invalid):
    """The day is a holiday already."""

    def __init__(self) -> None:
        super().__init__("This day is a holiday there already.", errors=(FieldError("day", "is a holiday already"),))


class HoursService(Service[BranchHours]):
    """The hours of the branches one may see, and the holidays."""

    noun = "branch"

    async def shown(self, branch_id: UUID, *, principal: Principal) -> HoursAnswer:
        """Tell when a branch is at work.

        Raises:
            Missing: There is no such branch.
        """
        await self._branch(branch_id, principal)
        row = await self.session.scalar(select(BranchHours).where(BranchHours.branch_id == branch_id))
        if row is None:
            return HoursAnswer(branch_id, ZONE, DEFAULT_WEEK, is_default=True)
        return HoursAnswer(branch_id, row.time_zone, _days(row.week), is_default=False)

    async def set(self, branch_id: UUID, wish: Hours, *, principal: Principal, at: datetime) -> HoursAnswer:
        """Set when a branch is at work.

        Raises:
            Missing: There is no such branch.
            BadHours, UnknownTimeZone: The hours cannot be.
        """
        _check(wish)
        async with self.transaction():
            await self._branch(branch_id, principal, lock=True)
            row = await self.session.scalar(select(BranchHours).where(BranchHours.branch_id == branch_id))
            if row is None:
                row = BranchHours(branch_id=branch_id, created_at=at)
                self.session.add(row)
            row.time_zone = wish.time_zone
            row.week = msgspec.to_builtins(sorted(wish.week, key=lambda day: day.weekday))
            row.updated_at = at
            self.announce(HoursSet(actor_id=principal.id, at=at, branch_id=branch_id, time_zone=wish.time_zone))
        return HoursAnswer(branch_id, row.time_zone, _days(row.week), is_default=False)

    async def holidays(self, *, year: int | None, branch_id: UUID | None) -> Sequence[Holiday]:
        """List the holidays of a year; of a branch, those of the whole institution among them."""
        where: list[ColumnElement[bool]] = []
        if year is not None:
            where.append(Holiday.day.between(date(year, 1, 1), date(year, 12, 31)))
        if branch_id is not None:
            where.append(or_(Holiday.branch_id == branch_id, Holiday.branch_id.is_(None)))
        return (await self.session.scalars(select(Holiday).where(*where).order_by(Holiday.day, Holiday.id))).all()

    async def add_holiday(self, wish: NewHoliday, *, principal: Principal, at: datetime) -> Holiday:
        """Close a branch, or the whole institution, for a day.

        Raises:
            Missing: There is no such branch.
            HolidayExists: The day is a holiday there already.
        """
        async with self.transaction():
            if wish.branch_id is not None:
                await self._branch(wish.branch_id, principal)
            holiday = Holiday(day=wish.day, name=wish.name, branch_id=wish.branch_id, created_at=at)
            self.session.add(holiday)
            await self.session.flush()
            self.announce(HolidayAdded(actor_id=principal.id, at=at, holiday_id=holiday.id, day=wish.day.isoformat()))
        return holiday

    async def remove_holiday(self, holiday_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Make a holiday an ordinary day.

        Raises:
            Missing: There is no such holiday.
        """
        async with self.transaction():
            holiday = await self.session.get(Holiday, holiday_id, with_for_update=True)
            if holiday is None:
                raise Missing("There is no such holiday.")
            await self.session.delete(holiday)
            self.announce(
                HolidayRemoved(actor_id=principal.id, at=at, holiday_id=holiday_id, day=holiday.day.isoformat())
            )

    async def _branch(self, branch_id: UUID, principal: Principal, *, lock: bool = False) -> None:
        found = select(Branch.id).where(visible_to(principal), Branch.id == branch_id)
        if await self.session.scalar(found.with_for_update() if lock else found) is None:
            raise Missing.unseen("branch")


async def calendars(
    session: AsyncSession, branches: Iterable[UUID | None], *, since: date
) -> Mapping[UUID | None, BusinessHours]:
    """The hours of some branches, with their holidays from a day on; what belongs to no branch keeps office hours."""
    rows = await _CALENDARS.rows(session, branches=[*set(branches)], since=since)
    return {row.id: _calendar(row) for row in rows}


def _calendar(row: Any) -> BusinessHours:
    holidays = frozenset(row.holidays)
    if row.time_zone is None:
        return BusinessHours(holidays=holidays)
    week = {day.weekday - 1: shifts_of_day(_time(day.opens), _time(day.closes), _lunch(day)) for day in _days(row.week)}
    return BusinessHours(week=week, holidays=holidays, zone=row.time_zone)


def _days(week: list[dict[str, Any]]) -> tuple[WorkingDay, ...]:
    return msgspec.convert(week, tuple[WorkingDay, ...])


def _lunch(day: WorkingDay) -> tuple[time, time] | None:
    return (_time(day.lunch_begins), _time(day.lunch_ends)) if day.lunch_begins and day.lunch_ends else None


_time = time.fromisoformat


def _check(wish: Hours) -> None:
    if not is_time_zone(wish.time_zone):
        raise UnknownTimeZone(
            f"There is no time zone {wish.time_zone!r}; Cambodia's is {ZONE}.",
            errors=(FieldError("time_zone", "is not known"),),
        )
    weekdays = [day.weekday for day in wish.week]
    if len(set(weekdays)) < len(weekdays):
        raise BadHours("Each weekday is named once.", errors=(FieldError("week", "names a weekday twice"),))
    for number, day in enumerate(wish.week):
        if not _makes_sense(day):
            raise BadHours(
                "A day opens before it closes, and its lunch lies in between.",
                errors=(FieldError(f"week[{number}]", "does not open before it closes, or lunch lies outside"),),
            )


def _makes_sense(day: WorkingDay) -> bool:
    moments = [_time(day.opens), *(_lunch(day) or ()), _time(day.closes)]
    if (day.lunch_begins is None) != (day.lunch_ends is None):
        return False
    if moments[-1] == MIDNIGHT:
        moments[-1] = time.max
    return all(earlier < later for earlier, later in pairwise(moments))


def _calendars() -> Select[*tuple[Any, ...]]:
    """Write the statement that gives each branch its hours and its holidays; no branch has those of everybody."""
    branch = (
        func.unnest(bindparam("branches", type_=ARRAY(Uuid)))
        .table_valued(column("id", Uuid), name="branch")
        .render_derived()
    )
    free = select(Holiday.day).where(
        Holiday.day >= bindparam("since", type_=Date),
        or_(Holiday.branch_id.is_(None), Holiday.branch_id == branch.c.id),
    )
    return (
        select(
            branch.c.id,
            BranchHours.time_zone,
            BranchHours.week,
            func.array(free.scalar_subquery(), type_=ARRAY(Date)).label("holidays"),
        )
        .select_from(branch)
        .outerjoin(BranchHours, BranchHours.branch_id == branch.c.id)
    )


_CALENDARS: Final = Written(_calendars())
