"""Assignments as requests and answers; what one looks like stands with the application."""

from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from lc_workflow.lending.applications.schemas import AssignmentWish
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.platform.http.shapes import Note


class NewAssignment(AssignmentWish, frozen=True, kw_only=True):
    """An employee to ask, and the application to look after."""

    application_id: UUID


class AssignmentChange(Struct, frozen=True, kw_only=True):
    """What to change about an assignment: absent fields stay; `is_active: false` ends it."""

    assignment_role: AssignmentRole | UnsetType = UNSET
    notes: Note | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
