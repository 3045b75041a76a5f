"""Counting accounts, always within what the person may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.identity.events import AccountStatusMoved, SignedIn
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import visible_to
from lc_workflow.identity.users.models import User
from lc_workflow.insight.people.schemas import (
    ActivityLevels,
    ActivityMetrics,
    ActivityOverview,
    BranchLine,
    Day,
    DayFigure,
    DepartmentLine,
    OnboardingMetrics,
    OrganizationalMetrics,
    PlaceFigures,
    PlacesSummary,
    PositionLine,
    Trends,
    UserStats,
    UserSummary,
)
from lc_workflow.kernel.dates import begin_of, local_day
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.positions.models import Position
from lc_workflow.platform.journal.models import JournalEntry

LATELY: Final = timedelta(days=30)
DORMANT_AFTER: Final = timedelta(days=90)


class People:
    """Reads the figures about accounts, each answer in a few statements."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def stats(self, principal: Principal, *, at: datetime) -> UserStats:
        """Count the accounts by status and role."""
        return UserStats(**(await self._counted(principal, at=at))[0])

    async def summary(self, principal: Principal, *, at: datetime) -> UserSummary:
        """Count the accounts, and what has happened lately."""
        stats, lately = await self._counted(principal, at=at)
        wanted = [visible_to(principal)]
        seen = await self._seen(wanted, days=LATELY.days, at=at)
        return UserSummary(
            **(stats | lately),
            activity_overview=seen.overview(),
            role_distribution=stats["by_role"],
            organizational_summary=await self._places(
                await self._by_place(wanted, User.department_id, Department),
                await self._by_place(wanted, User.branch_id, Branch),
            ),
            generated_at=at,
        )

    async def activity(
        self,
        principal: Principal,
        *,
        days: int,
        department_id: UUID | None = None,
        branch_id: UUID | None = None,
        at: datetime,
    ) -> ActivityMetrics:
        """Count who worked with the system, everywhere or in one place, and what happened on each day."""
        wanted = [visible_to(principal)]
        if department_id is not None:
            wanted.append(User.department_id == department_id)
        if branch_id is not None:
            wanted.append(User.branch_id == branch_id)
        seen = await self._seen(wanted, days=days, at=at)
        daily, moved = await self._happened(wanted, days=days, at=at)
        return ActivityMetrics(
            period_days=days,
            active_today=seen.today,
            active_7_days=seen.week,
            active_30_days=seen.month,
            dormant_90_days=seen.long_ago,
            never_signed_in=seen.never,
            total_sign_ins=sum(one.sign_ins for one in daily),
            daily=daily,
            overview=seen.overview(),
            activity_levels=seen.levels(),
            onboarding_metrics=seen.onboarding(),
            geographic_distribution=_by_name(await self._by_place(wanted, User.branch_id, Branch)),
            trends=Trends(
                user_creation=_each_day(await self._opened(wanted, days=days, at=at), days=days, at=at),
                login_activity=_each_day({one.date: one.sign_ins for one in daily}, days=days, at=at),
                status_changes=_each_day(moved, days=days, at=at),
            ),
            generated_at=at,
        )

    async def organization(self, principal: Principal, *, at: datetime) -> OrganizationalMetrics:
        """Count the accounts of each department, branch and position."""
        wanted = [visible_to(principal)]
        departments = await self._by_place(wanted, User.department_id, Department)
        branches = await self._by_place(wanted, User.branch_id, Branch)
        positions = await self._by_place(wanted, User.position_id, Position)
        return OrganizationalMetrics(
            total=sum(place.figures.total for place in departments),
            by_department=[place.figures for place in departments],
            by_branch=[place.figures for place in branches],
            by_position=[place.figures for place in positions],
            department_breakdown=[DepartmentLine(*place.line()) for place in departments if place.is_one],
            branch_breakdown=[BranchLine(*place.line()) for place in branches if place.is_one],
            position_breakdown=[PositionLine(*place.line()) for place in positions if place.is_one],
            summary=await self._places(departments, branches),
            generated_at=at,
        )

    async def _places(self, departments: "list[_Place]", branches: "list[_Place]") -> PlacesSummary:
        counts = (
            select(func.count()).select_from(kind).scalar_subquery().label(kind.__tablename__)
            for kind in (Department, Branch, Position)
        )
        known = (await self._session.execute(select(*counts))).one()
        return PlacesSummary(
            total_departments=known.departments,
            total_branches=known.branches,
            total_positions=known.positions,
            average_users_per_department=_average(departments, known.departments),
            average_users_per_branch=_average(branches, known.branches),
        )

    async def _seen(self, wanted: list[ColumnElement[bool]], *, days: int, at: datetime) -> "_Seen":
        row = await self._session.execute(
            select(
                func.count(),
                _many(User.last_activity_at >= begin_of(local_day(at))),
                _many(User.last_activity_at >= at - timedelta(days=7)),
                _many(User.last_activity_at >= at - LATELY),
                _many(User.last_activity_at >= begin_of(_first_day(days, at))),
                _many(User.created_at >= begin_of(_first_day(days, at))),
                _many(User.last_activity_at < at - DORMANT_AFTER),
                _many(User.last_login_at < at - DORMANT_AFTER),
                _many(User.last_login_at.is_(None)),
                _many(User.onboarding_completed.is_(True)),
            ).where(*wanted)
        )
        return _Seen(*map(int, row.one()))

    async def _happened(
        self, wanted: list[ColumnElement[bool]], *, days: int, at: datetime
    ) -> tuple[list[Day], dict[date, int]]:
        """Count the sign-ins of each day with the people they were, and the changes of status."""
        day = _day_of(JournalEntry.at)
        rows = await self._session.execute(
            select(JournalEntry.kind, day, func.count(), func.count(JournalEntry.subject_id.distinct()))
            .where(
                JournalEntry.kind.in_((SignedIn.__name__, AccountStatusMoved.__name__)),
                JournalEntry.at >= begin_of(_first_day(days, at)),
                JournalEntry.subject_id.in_(select(User.id).where(*wanted)),
            )
            .group_by(JournalEntry.kind, day)
            .order_by(day)
        )
        daily: list[Day] = []
        moved: dict[date, int] = {}
        for kind, on, count, people in rows:
            if kind == SignedIn.__name__:
                daily.append(Day(on, count, people))
            else:
                moved[on] = count
        return daily, moved

    async def _opened(self, wanted: list[ColumnElement[bool]], *, days: int, at: datetime) -> dict[date, int]:
        day = _day_of(User.created_at)
        rows = await self._session.execute(
            select(day, func.count()).where(*wanted, User.created_at >= begin_of(_first_day(days, at))).group_by(day)
        )
        return {row[0]: row[1] for row in rows}

    async def _counted(self, principal: Principal, *, at: datetime) -> tuple[dict[str, Any], dict[str, int]]:
        """Count by status and role, and what has happened lately; in one statement, whose rows are few."""
        rows = await self._session.execute(
            select(
                User.status,
                User.role,
                func.count(),
                _many(User.locked_until > at),
                _many(User.created_at >= at - LATELY),
                _many(User.last_login_at >= at - LATELY),
                _many(User.last_login_at < at - DORMANT_AFTER),
                _many(User.last_login_at.is_(None)),
                _many(User.onboarding_completed.is_(True)),
            )
            .where(visible_to(principal))
            .group_by(User.status, User.role)
        )
        by_status = dict.fromkeys(UserStatus, 0)
        by_role: dict[str, int] = {}
        sums = [0] * 6
        for status, role, count, *others in rows:
            by_status[status] += count
            by_role[role] = by_role.get(role, 0) + count
            sums = [one + other for one, other in zip(sums, others, strict=True)]
        total = sum(by_status.values())
        locked, new, signed_in, dormant, never, onboarded = sums
        stats = {status.value: count for status, count in by_status.items()}
        return stats | {"total": total, "locked": locked, "by_role": by_role}, {
            "new_users": new,
            "signed_in": signed_in,
            "dormant": dormant,
            "never_signed_in": never,
            "onboarding_completed": onboarded,
            "onboarding_pending": total - onboarded,
        }

    async def _by_place(
        self,
        wanted: list[ColumnElement[bool]],
        column: InstrumentedAttribute[Any],
        place: type[Department | Branch | Position],
    ) -> "list[_Place]":
        total = func.count()
        rows = await self._session.execute(
            select(
                column,
                place.name,
                total,
                _many(User.status == UserStatus.ACTIVE),
                _many(User.onboarding_completed.is_(True)),
            )
            .select_from(User)
            .outerjoin(place, place.id == column)
            .where(*wanted)
            .group_by(column, place.name)
            .order_by(total.desc(), place.name)
        )
        return [_Place(PlaceFigures(*figures), completed) for *figures, completed in rows]


@dataclass(frozen=True, slots=True)
class _Seen:
    """Accounts by when their people were last seen; `lately` and `new` are those of the period."""

    total: int
    today: int
    week: int
    month: int
    lately: int
    new: int
    dormant: int
    long_ago: int
    never: int
    settled: int

    def overview(self) -> ActivityOverview:
        return ActivityOverview(
            total_users=self.total,
            active_users=self.lately,
            new_users=self.new,
            dormant_users=self.dormant,
            never_logged_in=self.never,
        )

    def levels(self) -> ActivityLevels:
        return ActivityLevels(
            highly_active=self.week,
            moderately_active=max(self.total - self.week - self.dormant - self.never, 0),
            dormant=self.dormant,
            never_logged=self.never,
        )

    def onboarding(self) -> OnboardingMetrics:
        return OnboardingMetrics(
            total_onboarding=self.total,
            completed_onboarding=self.settled,
            pending_onboarding=self.total - self.settled,
            completion_rate=_percent(self.settled, self.total),
        )


@dataclass(frozen=True, slots=True)
class _Place:
    """The accounts of one place, and how many of them were set up to the end."""

    figures: PlaceFigures
    settled: int

    @property
    def is_one(self) -> bool:
        return self.figures.id is not None

    def line(self) -> tuple[Any, ...]:
        place = self.figures
        return (place.id, place.name, place.total, place.active, _percent(self.settled, place.total))


def _many(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(which)


def _by_name(places: list[_Place]) -> dict[str, int]:
    """Add up the accounts of places that bear one name."""
    named: dict[str, int] = {}
    for place in places:
        if (name := place.figures.name) is not None:
            named[name] = named.get(name, 0) + place.figures.total
    return named


def _average(places: list[_Place], known: int) -> float:
    return round(sum(place.figures.total for place in places if place.is_one) / known, 2) if known else 0.0


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _day_of(moment: InstrumentedAttribute[datetime]) -> ColumnElement[date]:
    return cast(func.timezone("Asia/Phnom_Penh", moment), Date)


def _first_day(days: int, at: datetime) -> date:
    return local_day(at) - timedelta(days=days - 1)


def _each_day(counts: Mapping[date, int], *, days: int, at: datetime) -> list[DayFigure]:
    first = _first_day(days, at)
    return [DayFigure(day, counts.get(day, 0)) for day in (first + timedelta(days=number) for number in range(days))]
