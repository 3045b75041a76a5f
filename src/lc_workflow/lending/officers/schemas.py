"""The migration of officers' names as requests and answers."""

from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.organization.cards import EmployeeCard
from lc_workflow.platform.http.shapes import Name


class MigrationRequest(Struct, frozen=True):
    """How to migrate: a dry run tells what would happen and changes nothing."""

    EXAMPLE: ClassVar[dict[str, object]] = {"dry_run": True}

    dry_run: bool = False


class MigrationStatus(Struct, frozen=True, kw_only=True):
    """How far the migration is, in applications: `matchable` are those whose officer is known and not assigned yet.

    `migrated_applications` and `pending_applications` say `migrated` and `pending` to the web app's page.
    """

    total_applications: int
    migrated: int
    pending: int
    matchable: int
    unmatched: int
    unmatched_names: int
    progress_percentage: Annotated[float, Meta(ge=0, le=100)]
    migrated_applications: int
    pending_applications: int


class Tally(Struct, frozen=True, kw_only=True):
    """What was done as the web app's page counts it: `failed` are those whose officer nobody knows for sure."""

    total: int
    matched: int
    created: int
    failed: int
    errors: list[str] = []


class MigrationReport(Struct, frozen=True, kw_only=True):
    """What was done, in applications; `remaining` are left for the next call, `report` is for the web app's page."""

    dry_run: bool
    processed: int
    assignments_created: int
    unmatched: int
    remaining: int
    message: str
    report: Tally
    success: bool = True


class RevertReport(Struct, frozen=True, kw_only=True):
    """What was undone; `remaining` applications are left for the next call.

    `assignments_deactivated` says `assignments_ended` to the web app's page.
    """

    applications: int
    assignments_ended: int
    assignments_deactivated: int
    remaining: int


class UnmatchedName(Struct, frozen=True, kw_only=True):
    """A name that means nobody for sure, on how many applications it stands, and whom it might mean."""

    portfolio_officer_name: str
    branch_id: UUID | None
    application_count: int
    candidates: list[EmployeeCard]


class ManualMatch(Struct, frozen=True, kw_only=True):
    """Whom a written name means."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "portfolio_officer_name": "Keo Vichitra",
        "employee_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    }

    portfolio_officer_name: Name
    employee_id: UUID
