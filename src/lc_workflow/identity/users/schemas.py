"""Users as requests and answers."""

from datetime import datetime
from typing import Self
from uuid import UUID

from msgspec import Struct, convert
from msgspec.structs import replace

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.organization.cards import BranchCard, DepartmentCard, EmployeeCard, PositionCard


class UserAnswer(Struct, frozen=True, kw_only=True):
    """An account with its place in the company, as the web app reads it."""

    id: UUID
    username: str
    email: str
    first_name: str
    last_name: str
    phone_number: str | None
    employee_id: str | None
    role: Role
    status: UserStatus
    status_reason: str | None
    is_active: bool
    department_id: UUID | None
    branch_id: UUID | None
    position_id: UUID | None
    portfolio_id: UUID | None
    line_manager_id: UUID | None
    department: DepartmentCard | None
    branch: BranchCard | None
    position: PositionCard | None
    portfolio: EmployeeCard | None
    line_manager: EmployeeCard | None
    profile_image_url: str | None = None
    onboarding_completed: bool
    onboarding_completed_at: datetime | None
    last_login_at: datetime | None
    last_activity_at: datetime | None
    login_count: int
    failed_login_attempts: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: object, *, base_url: str) -> Self:
        """Show a `User` row loaded with `WHOLE`; `base_url` is where browsers reach this API."""
        answer = convert(user, cls, from_attributes=True)
        photo = getattr(user, "profile_photo_key", None)
        return replace(answer, profile_image_url=f"{base_url}/api/v1/{photo}") if photo else answer
