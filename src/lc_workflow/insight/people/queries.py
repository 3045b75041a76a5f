"""Counting accounts, always within what the person may see."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.identity.events import SignedIn
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import visible_to
from lc_workflow.identity.users.models import User
from lc_workflow.insight.people.schemas import (
    ActivityMetrics,
    Day,
    OrganizationalMetrics,
    PlaceFigures,
    PlacesSummary,
    UserStats,
    UserSummary,
)
from lc_workflow.kernel.dates import PHNOM_PENH, begin_of
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
        """Read on the request's session."""
        self._session = session

    async def stats(self, principal: Principal, *, at: datetime) -> UserStats:
        """Count the accounts by status and role."""
        return UserStats(**(await self._counted(principal, at=at))[0])

    async def summary(self, principal: Principal, *, at: datetime) -> UserSummary:
        """Count the accounts, and what has happened lately."""
        stats, lately = await self._counted(principal, at=at)
        return UserSummary(**(stats | lately), generated_at=at)

    async def activity(
        self,
        principal: Principal,
        *,
        days: int,
        department_id: UUID | None = None,
        branch_id: UUID | None = None,
        at: datetime,
    ) -> ActivityMetrics:
        """Count who worked with the system, everywhere or in one place, and the sign-ins of each day."""
        wanted = [visible_to(principal)]
        if department_id is not None:
            wanted.append(User.department_id == department_id)
        if branch_id is not None:
            wanted.append(User.branch_id == branch_id)
        today = begin_of(at.astimezone(PHNOM_PENH).date())
        seen = (
            await self._session.execute(
                select(
                    _many(User.last_activity_at >= today),
                    _many(User.last_activity_at >= at - timedelta(days=7)),
                    _many(User.last_activity_at >= at - LATELY),
                    _many(User.last_login_at < at - DORMANT_AFTER),
                    _many(User.last_login_at.is_(None)),
                ).where(*wanted)
            )
        ).one()
        day = cast(func.timezone("Asia/Phnom_Penh", JournalEntry.at), Date)
        rows = await self._session.execute(
            select(day, func.count(), func.count(JournalEntry.subject_id.distinct()))
            .where(
                JournalEntry.kind == SignedIn.__name__,
                JournalEntry.at >= today - timedelta(days=days - 1),
                JournalEntry.subject_id.in_(select(User.id).where(*wanted)),
            )
            .group_by(day)
            .order_by(day)
        )
        daily = [Day(*row) for row in rows]
        return ActivityMetrics(
            period_days=days,
            active_today=seen[0],
            active_7_days=seen[1],
            active_30_days=seen[2],
            dormant_90_days=seen[3],
            never_signed_in=seen[4],
            total_sign_ins=sum(one.sign_ins for one in daily),
            daily=daily,
            generated_at=at,
        )

    async def organization(self, principal: Principal, *, at: datetime) -> OrganizationalMetrics:
        """Count the accounts of each department, branch and position."""
        departments = await self._by_place(principal, User.department_id, Department)
        branches = await self._by_place(principal, User.branch_id, Branch)
        counts = (
            select(func.count()).select_from(kind).scalar_subquery().label(kind.__tablename__)
            for kind in (Department, Branch, Position)
        )
        known = (await self._session.execute(select(*counts))).one()
        return OrganizationalMetrics(
            total=sum(place.total for place in departments),
            by_department=departments,
            by_branch=branches,
            by_position=await self._by_place(principal, User.position_id, Position),
            summary=PlacesSummary(
                total_departments=known.departments,
                total_branches=known.branches,
                total_positions=known.positions,
                average_users_per_department=_average(departments, known.departments),
                average_users_per_branch=_average(branches, known.branches),
            ),
            generated_at=at,
        )

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
        self, principal: Principal, column: InstrumentedAttribute[Any], place: type[Department | Branch | Position]
    ) -> list[PlaceFigures]:
        total = func.count()
        rows = await self._session.execute(
            select(column, place.name, total, _many(User.status == UserStatus.ACTIVE))
            .select_from(User)
            .outerjoin(place, place.id == column)
            .where(visible_to(principal))
            .group_by(column, place.name)
            .order_by(total.desc(), place.name)
        )
        return [PlaceFigures(*row) for row in rows]


def _many(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(which)


def _average(places: list[PlaceFigures], known: int) -> float:
    return round(sum(place.total for place in places if place.id is not None) / known, 2) if known else 0.0
