"""Departments as requests and answers."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from lc_workflow.organization.ports import Headcount
from lc_workflow.platform.http.shapes import Code, Name, Note


class DepartmentAnswer(Struct, frozen=True):
    """A department; the counts of accounts are there when they were asked for."""

    id: UUID
    name: str
    code: str
    description: str | None
    manager_id: UUID | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
    user_count: int | UnsetType = UNSET
    branch_count: int | UnsetType = UNSET
    active_user_count: int | UnsetType = UNSET

    def counting(self, people: Headcount) -> Self:
        """Add how many accounts the department has."""
        return replace(
            self, user_count=people.users, branch_count=people.branches, active_user_count=people.active_users
        )


class NewDepartment(Struct, frozen=True, kw_only=True):
    """A department to open; without a code it gets one from its name."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "name": "Credit",
        "code": "CRD",
        "description": "Lends and looks after borrowers",
    }

    name: Name
    code: Code | None = None
    description: Note | None = None
    manager_id: UUID | None = None
    is_active: bool = True


class DepartmentChange(Struct, frozen=True, kw_only=True):
    """What to change about a department: absent fields stay, null clears."""

    EXAMPLE: ClassVar[dict[str, object]] = {"description": "Lends and looks after borrowers"}

    name: Name | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    description: Note | UnsetType | None = UNSET
    manager_id: UUID | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
