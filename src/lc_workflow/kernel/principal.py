"""Who is acting, and how far their rights reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """How far a permission reaches, from the person's own things to everything."""

    OWN = "own"
    TEAM = "team"
    DEPARTMENT = "department"
    BRANCH = "branch"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The signed-in person behind a request, as their rights stand at this moment.

    `grants` maps a permission (`application:read`) to the scope it is held in.
    """

    id: UUID
    role: str
    session_id: UUID
    branch_id: UUID | None = None
    department_id: UUID | None = None
    grants: Mapping[str, Scope] = field(default_factory=dict)

    def may(self, permission: str) -> bool:
        """Whether the person holds the permission at all; where it reaches is for `visible_to` to say."""
        return permission in self.grants

    def scope_of(self, permission: str) -> Scope | None:
        """How far the permission reaches, or None when the person does not hold it."""
        return self.grants.get(permission)
