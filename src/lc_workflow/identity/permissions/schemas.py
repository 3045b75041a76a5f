"""The permission pages as requests and answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.identity.roles.schemas import PermissionCard
from lc_workflow.identity.users.schemas import RoleName
from lc_workflow.kernel.principal import Scope
from lc_workflow.platform.http.fields import VISIBLE

Words = Annotated[str, Meta(max_length=500)]
DisplayName = Annotated[str, Meta(min_length=1, max_length=100, pattern=VISIBLE)]
Level = Annotated[int, Meta(ge=0, le=100)]
"""The rank of a role; nobody gives, takes or changes a role above their own."""

LOWEST: Final = 10
"""Where a role stands that nobody ranks."""

Part = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
Ids = Annotated[list[UUID], Meta(max_length=1_000)]


class WebWord(StrEnum):
    """The role words by which the web app draws its workflow buttons."""

    ADMIN = "admin"
    MANAGER = "manager"
    OFFICER = "officer"
    TELLER = "teller"
    VIEWER = "viewer"


class ScopeWord(StrEnum):
    """How far a right is to reach, as requests say it; the web app's pages call the widest scope `global`."""

    OWN = "own"
    TEAM = "team"
    DEPARTMENT = "department"
    BRANCH = "branch"
    ALL = "all"
    GLOBAL = "global"

    @property
    def scope(self) -> Scope:
        """The scope that is meant."""
        return Scope.ALL if self is ScopeWord.GLOBAL else Scope(self)


class PermissionAnswer(PermissionCard, frozen=True, kw_only=True):
    """A right, and what it is for; those of the house (`is_system`) come with each release."""

    description: str | None
    is_system: bool
    is_active: bool = True


class NewPermission(Struct, frozen=True, kw_only=True):
    """A right to be written down: a permission that something in the house asks for, in one more scope."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "resource_type": "application",
        "action": "read",
        "scope": "department",
        "description": "See the loans of one's department",
    }

    resource_type: Part
    action: Part
    scope: ScopeWord
    description: Words | None = None


class PermissionChange(Struct, frozen=True, kw_only=True):
    """What to say about a right; what it lets people do is fixed by its name."""

    EXAMPLE: ClassVar[dict[str, object]] = {"description": "See the loans of one's department"}

    description: Words | UnsetType | None = UNSET


class RoleAnswer(Struct, frozen=True, kw_only=True):
    """A role; `user_count` counts the accounts that hold it now, as their first role or beside it."""

    id: UUID
    name: str
    display_name: str
    description: str | None
    level: int
    web_word: str
    is_active: bool
    is_system_role: bool
    requires_second_factor: bool
    permission_count: int
    user_count: int
    created_at: datetime
    updated_at: datetime


class RoleWithPermissions(RoleAnswer, frozen=True, kw_only=True):
    """A role and its rights."""

    permissions: list[PermissionAnswer]


class NewRole(Struct, frozen=True, kw_only=True):
    """A role to open, with rights that its author holds."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "name": "senior_teller",
        "display_name": "Senior teller",
        "description": "Tells and helps tellers",
        "level": 35,
        "web_word": "teller",
    }

    name: RoleName
    display_name: DisplayName
    description: Words | None = None
    level: Level = LOWEST
    web_word: WebWord = WebWord.VIEWER
    requires_second_factor: bool = False
    permission_ids: Ids = []


class RoleChange(Struct, frozen=True, kw_only=True):
    """What to change about a role: absent fields stay; `permission_ids`, when given, is all of its rights."""

    EXAMPLE: ClassVar[dict[str, object]] = {"display_name": "Senior teller", "level": 35}

    display_name: DisplayName | UnsetType = UNSET
    description: Words | UnsetType | None = UNSET
    level: Level | UnsetType = UNSET
    web_word: WebWord | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    requires_second_factor: bool | UnsetType = UNSET
    permission_ids: Ids | UnsetType = UNSET


class StandardRole(Struct, frozen=True):
    """A role as the release brings it."""

    name: str
    display_name: str
    level: int
    web_word: str
    permissions: tuple[str, ...]


class FromTemplate(Struct, frozen=True, kw_only=True):
    """A role to open as a copy of a standard one (`template`), or with the rights of a template (`template_id`).

    Without `level` it stands where the standard role does, and where any new role does with the rights of a template.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "template": "teller",
        "name": "night_teller",
        "display_name": "Night teller",
    }

    template: RoleName | None = None
    template_id: UUID | None = None
    name: RoleName
    display_name: DisplayName | None = None
    description: Words | None = None
    level: Level | None = None


class Matrix(Struct, frozen=True):
    """Which role holds which right: `assignments` maps the id of a role to the ids of its rights."""

    roles: list[RoleAnswer]
    permissions: list[PermissionAnswer]
    assignments: dict[UUID, list[UUID]]


class Toggle(Struct, frozen=True, kw_only=True):
    """One field of the matrix to be set, or to be turned over when `is_granted` is not said."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "role_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "permission_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "is_granted": True,
        "reason": "Tellers count cash from now on",
    }

    role_id: UUID
    permission_id: UUID
    is_granted: bool | None = None
    reason: Words | None = None


class Toggled(Struct, frozen=True):
    """How a field of the matrix stands now."""

    role_id: UUID
    permission_id: UUID
    is_granted: bool


class Bulk(Struct, frozen=True, kw_only=True):
    """Rights to be given to, or taken from, several roles: all of it or nothing."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "action": "grant",
        "role_ids": ["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
        "permission_ids": ["0f8fad5b-d9cb-469f-a165-70867728950e"],
        "reason": "Tellers count cash from now on",
    }

    action: Literal["grant", "revoke"]
    role_ids: Annotated[list[UUID], Meta(min_length=1, max_length=100)]
    permission_ids: Annotated[list[UUID], Meta(min_length=1, max_length=1_000)]
    reason: Words | None = None


class BulkDone(Struct, frozen=True):
    """How many fields of the matrix changed."""

    changed: int
