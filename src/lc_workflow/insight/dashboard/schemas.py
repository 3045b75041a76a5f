"""The dashboard's answers."""

from datetime import datetime
from decimal import Decimal
from typing import Literal, Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from lc_workflow.lending.rules.stages import Status
from lc_workflow.lending.rules.terms import ProductType
from lc_workflow.platform.security.personal import masked


class ApplicationCounts(Struct, frozen=True):
    """Applications by status; `pending` are those that wait for somebody: submitted or under review."""

    total: int
    draft: int
    submitted: int
    pending: int
    under_review: int
    approved: int
    rejected: int


class UserCounts(Struct, frozen=True):
    """Accounts by state and by role."""

    total: int
    active: int
    inactive: int
    admins: int
    managers: int
    officers: int
    viewers: int


class PlaceCounts(Struct, frozen=True):
    """Branches or departments, all of them and the open ones."""

    total: int
    active: int


class FileCounts(Struct, frozen=True):
    """Papers and their bytes."""

    total: int
    total_size: int


class Stats(Struct, frozen=True):
    """Everything the first page counts, within what the person may see."""

    applications: ApplicationCounts
    users: UserCounts
    departments: PlaceCounts
    branches: PlaceCounts
    files: FileCounts


class RecentApplication(Struct, frozen=True):
    """An application on the first page."""

    id: UUID
    full_name_latin: str | None
    full_name_khmer: str | None
    requested_amount: Decimal | None
    status: Status
    created_at: datetime
    user_id: UUID
    branch_id: UUID | None
    account_id: str | None
    product_type: ProductType | None
    phone: str | None
    portfolio_officer_name: str | None

    def masked(self) -> Self:
        """The same with its telephone masked."""
        return replace(self, phone=masked(self.phone))


class Activity(Struct, frozen=True):
    """Something that happened, as the timeline tells it; `id` is the journal's."""

    id: UUID
    type: Literal["application", "user"]
    action: str
    title: str
    description: str
    status: str | None
    timestamp: datetime
    user_id: UUID | None


class Performance(Struct, frozen=True):
    """How fast and how often loans were decided in the last thirty days; the rate is in percent, the time in days."""

    applications_processed_30d: int
    average_processing_time_days: float
    approval_rate_percentage: float
    active_users_today: int


class People(Struct, frozen=True):
    """Accounts and employees of a place, all of them and the active ones."""

    total_users: int
    active_users: int
    total_employees: int
    active_employees: int


class DepartmentStats(Struct, frozen=True):
    """The people a department has, and in how many branches."""

    department_id: UUID
    people: People
    branches: int


class BranchStats(Struct, frozen=True):
    """The people a branch has, and the applications one may see there."""

    branch_id: UUID
    people: People
    applications: ApplicationCounts
