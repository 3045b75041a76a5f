"""Assignments as requests and answers; what one looks like stands with the application."""

from typing import ClassVar
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from lc_workflow.lending.applications.schemas import AssignmentWish
from lc_workflow.lending.rules.stages import Status
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.organization.cards import BranchCard, DepartmentCard
from lc_workflow.platform.http.shapes import Note


class NewAssignment(AssignmentWish, frozen=True, kw_only=True):
    """An employee to ask, and the application to look after."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "application_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "employee_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "assignment_role": "field_officer",
        "notes": "Visits on Tuesday",
    }

    application_id: UUID


class AssignmentChange(Struct, frozen=True, kw_only=True):
    """What to change about an assignment: absent fields stay; `is_active: false` ends it."""

    EXAMPLE: ClassVar[dict[str, object]] = {"assignment_role": "primary_officer"}

    assignment_role: AssignmentRole | UnsetType = UNSET
    notes: Note | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET


class Workload(Struct, frozen=True):
    """What an employee looks after: what is ended or decided is completed; statuses are the applications'."""

    total_assignments: int
    active_assignments: int
    completed_assignments: int
    assignments_by_status: dict[Status, int]


class WorkInHand(Struct, frozen=True):
    """How many applications somebody looks after now, and where those stand."""

    total_assignments: int
    assignments_by_status: dict[Status, int]


class WorkloadLine(Struct, frozen=True, kw_only=True):
    """What an employee looks after now; under `workload` the same figures stand together, as the web app reads them."""

    employee_id: UUID
    employee_code: str
    full_name_khmer: str
    full_name_latin: str
    position: str | None
    department: DepartmentCard | None
    branch: BranchCard | None
    total_assignments: int
    assignments_by_status: dict[Status, int]
    workload: WorkInHand
