"""Coming, being let in again and leaving, as requests and answers."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.platform.http.shapes import Note


class StepAnswer(Struct, frozen=True):
    """One step of onboarding."""

    id: str
    title: str
    description: str
    required: bool
    completed: bool


class TimelineEntry(Struct, frozen=True):
    """Something that happened to an account."""

    event: str
    title: str
    description: str
    timestamp: datetime
    type: Literal["onboarding", "access", "security"]


class Newcomer(Struct, frozen=True, kw_only=True):
    """Whose onboarding it is, by names; `role` is the word by which the web app knows it."""

    username: str
    email: str
    full_name: str
    role: str
    department: str | None
    branch: str | None
    line_manager: str | None


class OnboardingAnswer(Struct, frozen=True, kw_only=True):
    """How far somebody's onboarding is, in percent and step by step."""

    user_id: UUID
    user_info: Newcomer
    onboarding_completed: bool
    onboarding_completed_at: datetime | None
    progress_percentage: int
    total_steps: int
    completed_steps: int
    applicable_steps: list[StepAnswer]
    days_since_creation: int
    timeline: list[TimelineEntry]


class Leaving(Struct, frozen=True, kw_only=True):
    """Who takes over from somebody who leaves, why they leave, and their last day here; today when it is not said."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "successor_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "reason": "Moves to Battambang",
        "last_working_day": "2026-12-31",
    }

    successor_id: UUID | None = None
    reason: Note | None = None
    last_working_day: date | None = None


class Left(Struct, frozen=True, kw_only=True):
    """Who takes over, when that was not said before or has changed."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "successor_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "notes": "Keys and tablet are back",
    }

    successor_id: UUID | None = None
    notes: Note | None = None


class OtherLastDay(Struct, frozen=True, kw_only=True):
    """On which other day somebody who leaves works here for the last time, and why."""

    EXAMPLE: ClassVar[dict[str, object]] = {"last_working_day": "2027-01-31", "reason": "Teaches whoever comes next"}

    last_working_day: date
    reason: Note | None = None


class Staying(Struct, frozen=True, kw_only=True):
    """Why somebody stays of whom it was written down that they leave."""

    EXAMPLE: ClassVar[dict[str, object]] = {"reason": "Took the post at the head office"}

    reason: Note | None = None


class OffboardingAnswer(Struct, frozen=True, kw_only=True):
    """Where leaving stands: `open_work` still waits for a successor, `handed_over` has one."""

    id: UUID
    user_id: UUID
    status: Literal["initiated", "completed", "cancelled"]
    account_status: UserStatus
    reason: str | None
    last_working_day: date | None
    successor_id: UUID | None
    initiated_at: datetime
    completed_at: datetime | None
    ended_sessions: int
    open_work: int
    handed_over: int


class UnlockAnswer(Struct, frozen=True, kw_only=True):
    """A sentence that confirms what was done, and how the lock stands now."""

    message: str
    user_id: UUID
    is_locked: bool
    failed_login_attempts: int


class UnlockWish(Struct, frozen=True):
    """Why somebody should be let in again."""

    EXAMPLE: ClassVar[dict[str, object]] = {"reason": "I mistyped my new password"}

    reason: Note | None = None


class BulkStatus(Struct, frozen=True, kw_only=True):
    """Accounts that are to get a status together."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "user_ids": ["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
        "status": "inactive",
        "reason": "Long leave",
    }

    user_ids: Annotated[list[UUID], Meta(min_length=1, max_length=500)]
    status: UserStatus
    reason: Note | None = None


class BulkFailure(Struct, frozen=True):
    """An account that did not get the status, and why."""

    user_id: UUID
    code: str
    message: str


class BulkAnswer(Struct, frozen=True, kw_only=True):
    """How many accounts got the status; those in `errors` stay as they were."""

    total: int
    successful_updates: int
    unchanged: int
    failed: int
    errors: list[BulkFailure]
