"""Who is acting, and how far their rights reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """How far a permission reaches, from the person's own things to everything; each is wider than the one before."""

    OWN = "own"
    TEAM = "team"
    DEPARTMENT = "department"
    BRANCH = "branch"
    ALL = "all"

    @property
    def width(self) -> int:
        """Where the scope stands in that order, from 0."""
        return _ORDER.index(self)


_ORDER = tuple(Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The signed-in person behind a request, as their rights stand at this moment.

    `grants` maps a permission (`application:read`) to the scope it is held in. `role` is the name of their first role,
    `roles` of all they hold, `level` the highest rank among these. `team` and `department` are the accounts of those
    who report to them and of those they share a department with; they are known when a grant has such a scope.
    `until` is when the first of these rights, or of what limits them, ends by itself.
    """

    id: UUID
    role: str
    session_id: UUID
    branch_id: UUID | None = None
    department_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    level: int = 0
    team: frozenset[UUID] = frozenset()
    department: frozenset[UUID] = frozenset()
    grants: Mapping[str, Scope] = field(default_factory=dict)
    until: datetime | None = None

    def may(self, permission: str) -> bool:
        """Whether the person holds the permission at all; where it reaches is for `visible_to` to say."""
        return permission in self.grants

    def scope_of(self, permission: str) -> Scope | None:
        """How far the permission reaches, or None when the person does not hold it."""
        return self.grants.get(permission)

    def reaches(self, permission: str, *, owner_id: UUID | None, branch_id: UUID | None) -> bool:
        """Whether the permission holds for one thing: whose it is, and in which branch.

        The same answer in SQL is `platform.db.reach.within`; whoever holds a permission at all holds it over their own.
        """
        scope = self.grants.get(permission)
        return scope is not None and (
            scope is Scope.ALL
            or owner_id == self.id
            or (scope is Scope.BRANCH and self.branch_id is not None and branch_id == self.branch_id)
            or (scope is Scope.DEPARTMENT and owner_id in self.department)
            or (scope is Scope.TEAM and owner_id in self.team)
        )
