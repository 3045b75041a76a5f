"""Counting and listing for the first page, always within what the person may see."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    any_,
    bindparam,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    AccountLocked,
    AccountOpened,
    AccountStatusMoved,
    FirstAdminSetUp,
    RoleChanged,
)
from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import READ as READ_USERS
from lc_workflow.identity.users.access import visible_to as users_visible_to
from lc_workflow.identity.users.models import User
from lc_workflow.insight.dashboard.schemas import (
    Activity,
    ApplicationCounts,
    BranchStats,
    DepartmentStats,
    FileCounts,
    People,
    Performance,
    PlaceCounts,
    RecentApplication,
    Stats,
    UserCounts,
)
from lc_workflow.kernel.dates import begin_of, local_day
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ, tallies_visible_to, visible_to
from lc_workflow.lending.applications.models import ApplicationTally, CustomerApplication
from lc_workflow.lending.events import (
    ApplicationChanged,
    ApplicationDrafted,
    ApplicationMoved,
    ConditionClosed,
    DecisionsVoided,
    DecisionTaken,
    EmployeeAssigned,
    EmployeeReleased,
)
from lc_workflow.lending.rules.stages import DECIDED, STATUS_OF, Stage, Status
from lc_workflow.organization.branches.access import READ as READ_BRANCHES
from lc_workflow.organization.branches.access import visible_to as branches_visible_to
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.access import READ as READ_DEPARTMENTS
from lc_workflow.organization.departments.access import visible_to as departments_visible_to
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.reach import Reach, brought
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.journal.models import JournalEntry

LONGEST_TIMELINE: Final = 100
"""The most entries of a timeline; a page shows a few dozen."""

WORDS: Final = {
    kind.__name__: words
    for kind, words in {
        ApplicationDrafted: ("created", "Application drafted"),
        ApplicationChanged: ("updated", "Application changed"),
        EmployeeAssigned: ("assigned", "Employee assigned"),
        EmployeeReleased: ("released", "Employee released"),
        DecisionTaken: ("decided", "Decision taken"),
        DecisionsVoided: ("voided", "Decisions no longer count"),
        ConditionClosed: ("updated", "Condition met"),
        FirstAdminSetUp: ("created", "First administrator set up"),
        AccountOpened: ("created", "Account opened"),
        RoleChanged: ("updated", "Role changed"),
        AccountStatusMoved: ("updated", "Account status changed"),
        AccountLocked: ("locked", "Account locked"),
    }.items()
}
"""How the timeline words its facts; moves name their own action."""

TOLD: Final = (ApplicationMoved.__name__, *WORDS)
"""The facts on the timeline; others would only crowd them out."""


class Dashboard:
    """Reads the figures of the first page."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def stats(self, principal: Principal) -> Stats:
        """Count everything the person may see, in one statement."""
        reach = Reach.of(principal, READ, READ_USERS, READ_DEPARTMENTS, READ_BRANCHES)
        counted = await _written_stats(reach).one(self._session, **brought(principal))
        tallied, (users, active, *by_role), places = counted[:_TALLIED], counted[_TALLIED:-4], counted[-4:]
        *stages, papers, size = tallied
        return Stats(
            applications=_application_counts(stages),
            users=UserCounts(users, active, users - active, *by_role),
            departments=PlaceCounts(*places[:2]),
            branches=PlaceCounts(*places[2:]),
            files=FileCounts(papers, size),
        )

    async def recent(
        self, principal: Principal, *, limit: int, today_only: bool, at: datetime
    ) -> list[RecentApplication]:
        """List the newest applications."""
        where = [visible_to(principal)]
        if today_only:
            where.append(CustomerApplication.created_at >= _today(at))
        rows = await self._session.scalars(
            select(CustomerApplication)
            .where(*where)
            .order_by(CustomerApplication.created_at.desc(), CustomerApplication.id)
            .limit(limit)
        )
        return [shaped(row, RecentApplication) for row in rows]

    async def timeline(self, principal: Principal, *, days: int, at: datetime) -> list[Activity]:
        """Tell what happened in the last days to applications and accounts, newest first."""
        since = at - timedelta(days=days)
        about_applications = await self._session.execute(
            _entries(since)
            .add_columns(CustomerApplication.full_name_latin, CustomerApplication.full_name_khmer)
            .join(CustomerApplication, CustomerApplication.id == JournalEntry.subject_id)
            .where(JournalEntry.subject == "application", JournalEntry.kind.in_(TOLD), visible_to(principal))
        )
        about_users = await self._session.execute(
            _entries(since)
            .add_columns(User.first_name, User.last_name)
            .join(User, User.id == JournalEntry.subject_id)
            .where(JournalEntry.subject == "user", JournalEntry.kind.in_(WORDS), users_visible_to(principal))
        )
        told = [
            *(_application_activity(entry, latin or khmer or "") for entry, latin, khmer in about_applications),
            *(_user_activity(entry, f"{first} {last}") for entry, first, last in about_users),
        ]
        return sorted(told, key=lambda activity: activity.timestamp, reverse=True)[:LONGEST_TIMELINE]

    async def performance(self, principal: Principal, *, at: datetime) -> Performance:
        """Measure the decisions of the last thirty days."""
        row = CustomerApplication
        decided_at = func.coalesce(row.approved_at, row.rejected_at)
        decided = (
            await self._session.execute(
                select(
                    func.count(),
                    func.count(row.approved_at),
                    func.avg(func.extract("epoch", decided_at - row.submitted_at)),
                ).where(
                    visible_to(principal),
                    row.workflow_status.in_(DECIDED),
                    decided_at >= at - timedelta(days=30),
                )
            )
        ).one()
        active = await self._session.scalar(
            select(func.count())
            .select_from(User)
            .where(users_visible_to(principal), User.last_activity_at >= _today(at))
        )
        processed, approved, seconds = decided
        return Performance(
            applications_processed_30d=processed,
            average_processing_time_days=round(float(seconds or 0) / 86_400, 2),
            approval_rate_percentage=round(100 * approved / processed, 2) if processed else 0.0,
            active_users_today=active or 0,
        )

    async def department(self, department_id: UUID, principal: Principal) -> DepartmentStats:
        """Count a department's people.

        Raises:
            Missing: There is no such department.
        """
        await self._must_exist(Department, department_id, departments_visible_to(principal), "department")
        counted = await self._people(User.department_id == department_id, Employee.department_id == department_id)
        branches = await self._session.scalar(
            select(func.count(func.distinct(User.branch_id))).where(User.department_id == department_id)
        )
        return DepartmentStats(department_id, counted, branches or 0)

    async def branch(self, branch_id: UUID, principal: Principal) -> BranchStats:
        """Count a branch's people, and its applications that the person may see.

        Raises:
            Missing: There is no such branch.
        """
        await self._must_exist(Branch, branch_id, branches_visible_to(principal), "branch")
        counted = await self._people(User.branch_id == branch_id, Employee.branch_id == branch_id)
        tallied = _written_branch(Reach.of(principal, READ))
        *stages, _, _ = await tallied.one(self._session, **brought(principal), branch=branch_id)
        return BranchStats(branch_id, counted, _application_counts(stages))

    async def _people(self, users: ColumnElement[bool], employees: ColumnElement[bool]) -> People:
        row = await self._session.execute(
            _side_by_side(
                _counts(User, users, User.status == UserStatus.ACTIVE),
                _counts(Employee, employees, Employee.is_active.is_(True)),
            )
        )
        return People(*row.one())

    async def _must_exist(
        self, kind: type[Branch | Department], place_id: UUID, visible: ColumnElement[bool], noun: str
    ) -> None:
        if not await self._session.scalar(select(kind.id).where(kind.id == place_id, visible)):
            raise Missing.unseen(noun)


@lru_cache(maxsize=64)
def _written_stats(reach: Reach) -> Written:
    """The prepared count of everything, for all people of equal reach."""
    seen = reach.anybody
    words = ("admin", "manager", "officer", "viewer")
    accounts = (User.status == UserStatus.ACTIVE, *(_shown_as(word) for word in words))
    return Written(
        _side_by_side(
            _tallied(reach),
            _counts(User, users_visible_to(seen), *accounts),
            _counts(Department, departments_visible_to(seen), Department.is_active.is_(True)),
            _counts(Branch, branches_visible_to(seen), Branch.is_active.is_(True)),
        )
    )


@lru_cache(maxsize=64)
def _written_branch(reach: Reach) -> Written:
    """The prepared sum of one branch's tallies, for all people of equal reach."""
    return Written(_tallied(reach).where(ApplicationTally.branch_id == bindparam("branch", type_=Uuid)))


_TALLIED: Final = len(Status) + 2
"""How many sums `_tallied` gives: applications by status, papers and their bytes."""


def _tallied(reach: Reach) -> Select[*tuple[Any, ...]]:
    """Sum the tallies of applications by status, and of their papers, in one row."""
    tally = ApplicationTally
    by_status = (
        func.sum(tally.applications).filter(
            tally.stage
            == any_(literal([stage for stage in Stage if STATUS_OF[stage] is status], ARRAY(tally.stage.type)))
        )
        for status in Status
    )
    of_papers = (func.sum(column).filter(tally.stage.is_(None)) for column in (tally.papers, tally.bytes))
    sums = (func.coalesce(total, 0).cast(BigInteger) for total in (*by_status, *of_papers))
    return select(*sums).where(tallies_visible_to(reach.anybody))


def _application_counts(stages: Sequence[int]) -> ApplicationCounts:
    by_status = dict(zip(Status, stages, strict=True))
    return ApplicationCounts(
        total=sum(stages),
        draft=by_status[Status.DRAFT],
        submitted=by_status[Status.SUBMITTED],
        pending=by_status[Status.SUBMITTED] + by_status[Status.UNDER_REVIEW],
        under_review=by_status[Status.UNDER_REVIEW],
        approved=by_status[Status.APPROVED],
        rejected=by_status[Status.REJECTED],
    )


def _counts(kind: type[Any], seen: ColumnElement[bool], *parts: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Count the rows a person sees, and the part of them that meets each condition, in one pass."""
    return select(func.count(), *(func.count().filter(part) for part in parts)).select_from(kind).where(seen)


def _side_by_side(*counted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Combine statements with one row each into one row."""
    first, *further = rows = [statement.subquery() for statement in counted]
    joined: FromClause = first
    for row in further:
        joined = joined.join(row, true())
    return select(*(column for row in rows for column in row.c)).select_from(joined)


def _shown_as(word: str) -> ColumnElement[bool]:
    """Match the accounts whose role has this word in the web app."""
    return User.role.in_(select(CompanyRole.name).where(CompanyRole.web_word == word))


def _entries(since: datetime) -> Select[JournalEntry]:
    return (
        select(JournalEntry)
        .where(JournalEntry.at >= since)
        .order_by(JournalEntry.number.desc())
        .limit(LONGEST_TIMELINE)
    )


def _application_activity(entry: JournalEntry, applicant: str) -> Activity:
    action, title = WORDS.get(entry.kind) or (entry.facts["action"], "Application moved")
    target = entry.facts.get("target")
    stage = Stage.PO_CREATED if entry.kind == ApplicationDrafted.__name__ else target
    return Activity(
        id=entry.id,
        type="application",
        action=action,
        title=f"{title} to {target}" if target else title,
        description=applicant,
        status=STATUS_OF[Stage(stage)] if stage else None,
        timestamp=entry.at,
        user_id=entry.actor_id,
    )


def _user_activity(entry: JournalEntry, person: str) -> Activity:
    action, title = WORDS[entry.kind]
    return Activity(
        id=entry.id,
        type="user",
        action=action,
        title=title,
        description=person,
        status=None,
        timestamp=entry.at,
        user_id=entry.actor_id,
    )


def _today(at: datetime) -> datetime:
    return begin_of(local_day(at))
