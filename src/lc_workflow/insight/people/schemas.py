"""Figures about accounts as answers."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class UserStats(Struct, frozen=True, kw_only=True):
    """Accounts by status and by role, of those one may see; `locked` are shut out by wrong passwords now."""

    total: int
    active: int
    inactive: int
    pending: int
    suspended: int
    archived: int
    locked: int
    by_role: dict[str, int]


class ActivityOverview(Struct, frozen=True, kw_only=True):
    """Accounts, how many of them worked with the system or are new in the period, and how many do not come.

    Dormant are those who have not worked with it for 90 days.
    """

    total_users: int
    active_users: int
    new_users: int
    dormant_users: int
    never_logged_in: int


class PlacesSummary(Struct, frozen=True, kw_only=True):
    """How many places the company has, and how many accounts belong to one on average."""

    total_departments: int
    total_branches: int
    total_positions: int
    average_users_per_department: float
    average_users_per_branch: float


class UserSummary(UserStats, frozen=True, kw_only=True):
    """The same, with what has happened lately: in the last 30 days unless the name says otherwise.

    `activity_overview`, `role_distribution` and `organizational_summary` are what the web app's page shows.
    """

    new_users: int
    signed_in: int
    dormant: int
    never_signed_in: int
    onboarding_completed: int
    onboarding_pending: int
    activity_overview: ActivityOverview
    role_distribution: dict[str, int]
    organizational_summary: PlacesSummary
    generated_at: datetime


class Day(Struct, frozen=True):
    """The sign-ins of one day in the branches, and how many people they were."""

    date: date
    sign_ins: int
    people: int


class ActivityLevels(Struct, frozen=True, kw_only=True):
    """Each account once: those who worked with the system in the last 7 days, in the last 90, longer ago, and never."""

    highly_active: int
    moderately_active: int
    dormant: int
    never_logged: int


class OnboardingMetrics(Struct, frozen=True, kw_only=True):
    """How many accounts were set up to the end; the rate is in percent."""

    total_onboarding: int
    completed_onboarding: int
    pending_onboarding: int
    completion_rate: float


class DayFigure(Struct, frozen=True):
    """How often something happened on one day in the branches."""

    date: date
    count: int


class Trends(Struct, frozen=True, kw_only=True):
    """Accounts opened, sign-ins and changes of status; each has an entry for every day of the period."""

    user_creation: list[DayFigure]
    login_activity: list[DayFigure]
    status_changes: list[DayFigure]


class ActivityMetrics(Struct, frozen=True, kw_only=True):
    """How many people worked with the system today, in the last 7 and 30 days, and the sign-ins day by day.

    What follows `daily` is what the web app's page shows; `geographic_distribution` counts the accounts of each branch.
    """

    period_days: int
    active_today: int
    active_7_days: int
    active_30_days: int
    dormant_90_days: int
    never_signed_in: int
    total_sign_ins: int
    daily: list[Day]
    overview: ActivityOverview
    activity_levels: ActivityLevels
    onboarding_metrics: OnboardingMetrics
    geographic_distribution: dict[str, int]
    trends: Trends
    generated_at: datetime


class PlaceFigures(Struct, frozen=True):
    """The accounts of one place; without `id` those that have none."""

    id: UUID | None
    name: str | None
    total: int
    active: int


class DepartmentLine(Struct, frozen=True):
    """The accounts of a department, and how many percent of them were set up to the end."""

    department_id: UUID
    department_name: str
    user_count: int
    active_users: int
    completion_rate: float


class BranchLine(Struct, frozen=True):
    """The accounts of a branch, and how many percent of them were set up to the end."""

    branch_id: UUID
    branch_name: str
    user_count: int
    active_users: int
    completion_rate: float


class PositionLine(Struct, frozen=True):
    """The accounts of a position, and how many percent of them were set up to the end."""

    position_id: UUID
    position_name: str
    user_count: int
    active_users: int
    completion_rate: float


class OrganizationalMetrics(Struct, frozen=True, kw_only=True):
    """Accounts by department, branch and position, the largest first.

    The breakdowns are what the web app's page shows: without the accounts that belong to none.
    """

    total: int
    by_department: list[PlaceFigures]
    by_branch: list[PlaceFigures]
    by_position: list[PlaceFigures]
    department_breakdown: list[DepartmentLine]
    branch_breakdown: list[BranchLine]
    position_breakdown: list[PositionLine]
    summary: PlacesSummary
    generated_at: datetime
