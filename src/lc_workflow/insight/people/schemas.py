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


class UserSummary(UserStats, frozen=True, kw_only=True):
    """The same, with what has happened lately: in the last 30 days unless the name says otherwise."""

    new_users: int
    signed_in: int
    dormant: int
    never_signed_in: int
    onboarding_completed: int
    onboarding_pending: int
    generated_at: datetime


class Day(Struct, frozen=True):
    """The sign-ins of one day in the branches, and how many people they were."""

    date: date
    sign_ins: int
    people: int


class ActivityMetrics(Struct, frozen=True, kw_only=True):
    """How many people worked with the system today, in the last 7 and 30 days, and the sign-ins day by day."""

    period_days: int
    active_today: int
    active_7_days: int
    active_30_days: int
    dormant_90_days: int
    never_signed_in: int
    total_sign_ins: int
    daily: list[Day]
    generated_at: datetime


class PlaceFigures(Struct, frozen=True):
    """The accounts of one place; without `id` those that have none."""

    id: UUID | None
    name: str | None
    total: int
    active: int


class PlacesSummary(Struct, frozen=True, kw_only=True):
    """How many places the company has, and how many accounts belong to one on average."""

    total_departments: int
    total_branches: int
    total_positions: int
    average_users_per_department: float
    average_users_per_branch: float


class OrganizationalMetrics(Struct, frozen=True, kw_only=True):
    """Accounts by department, branch and position, the largest first."""

    total: int
    by_department: list[PlaceFigures]
    by_branch: list[PlaceFigures]
    by_position: list[PlaceFigures]
    summary: PlacesSummary
    generated_at: datetime
