"""The permission pages as requests and answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.identity.roles.models import Permission
from lc_workflow.identity.roles.schemas import PermissionCard
from lc_workflow.identity.users.schemas import RoleName
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Scope
from lc_workflow.platform.http.fields import IS_NEEDED, VISIBLE

Words = Annotated[str, Meta(max_length=500)]
DisplayName = Annotated[str, Meta(min_length=1, max_length=100, pattern=VISIBLE)]
Level = Annotated[int, Meta(ge=0, le=100)]
"""The rank of a role; nobody gives, takes or changes a role above their own."""

LOWEST: Final = 10
"""The level of a role when none is given."""

Part = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
Ids = Annotated[list[UUID], Meta(max_length=1_000)]
Some = Annotated[list[UUID], Meta(min_length=1, max_length=1_000)]


class WebWord(StrEnum):
    """The role words by which the web app draws its workflow buttons."""

    ADMIN = "admin"
    MANAGER = "manager"
    OFFICER = "officer"
    TELLER = "teller"
    VIEWER = "viewer"


class ScopeWord(StrEnum):
    """The scope words of requests; the web app's pages call the widest scope `global`."""

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


NOT_SWITCHED_OFF: Final = "rights are not switched off; take this one from roles and people instead"
NO_CONDITIONS: Final = "rights have no conditions here; how far one reaches is its scope"
NOT_FOR_A_PLACE: Final = "is not said of a role here; how far each of its rights reaches is the right's scope"

_REACH: Final = {
    Scope.OWN: "what is one's own",
    Scope.TEAM: "one's team",
    Scope.DEPARTMENT: "one's department",
    Scope.BRANCH: "one's branch",
    Scope.ALL: "everywhere",
}


class NotProvidedFor(Invalid):
    """The pages of rights can say it and this house does not have it: it is refused rather than taken for nothing."""


def check_nothing_said(wish: Struct, **refusals: str) -> None:
    """Let a wish pass that says nothing this house does not have.

    `refusals` say by field what follows its name; false, null and empty ones say nothing.

    Raises:
        NotProvidedFor: It names the fields.
    """
    said = [FieldError(name, refusal) for name, refusal in refusals.items() if getattr(wish, name) not in _NOTHING]
    if said:
        raise NotProvidedFor(f"{said[0].field}: {said[0].msg}.", errors=tuple(said))


_NOTHING: Final[tuple[object, ...]] = (UNSET, None, False, [], {})


class PermissionAnswer(PermissionCard, frozen=True, kw_only=True):
    """A right, and what it is for; those of the house (`is_system`) come with each release."""

    description: str
    is_system: bool
    is_system_permission: bool
    is_active: bool = True

    @classmethod
    def of(cls, row: Permission) -> "PermissionAnswer":
        """Show a right; of what nobody has described it is said what its name means."""
        meant = f"{row.resource_type}: {row.action}, {_REACH[row.scope]}"
        return cls(
            id=row.id,
            name=row.name,
            resource_type=row.resource_type,
            action=row.action,
            scope=row.scope,
            description=row.description or meant,
            is_system=row.is_system,
            is_system_permission=row.is_system,
        )


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
    is_active: bool | None = True
    conditions: dict[str, Any] | None = None


class PermissionChange(Struct, frozen=True, kw_only=True):
    """What to say about a right; what it lets people do is fixed by its name, and may be said again only as it is."""

    EXAMPLE: ClassVar[dict[str, object]] = {"description": "See the loans of one's department"}

    description: Words | UnsetType | None = UNSET
    name: Words | None = None
    resource_type: Part | None = None
    action: Part | None = None
    scope: ScopeWord | None = None
    is_active: bool | None = True
    conditions: dict[str, Any] | None = None


def check_right_counts(wish: NewPermission | PermissionChange) -> None:
    """Let a right be spoken of that always counts: none is out of use, or counts only sometimes.

    Raises:
        NotProvidedFor: It names what is said of it.
    """
    if wish.is_active is False:
        raise NotProvidedFor(f"is_active: {NOT_SWITCHED_OFF}.", errors=(FieldError("is_active", NOT_SWITCHED_OFF),))
    check_nothing_said(wish, conditions=NO_CONDITIONS)


class PermissionFilter(Struct, frozen=True, kw_only=True):
    """Which rights are wanted; none is ever out of use."""

    search: str | None = None
    resource_type: str | None = None
    action: str | None = None
    scope: ScopeWord | None = None
    is_active: bool | None = None


class RoleFilter(Struct, frozen=True, kw_only=True):
    """Which roles are wanted."""

    search: str | None = None
    level: int | None = None
    is_active: bool | None = None
    is_system_role: bool | None = None


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


class RoleLimits(Struct, frozen=True, kw_only=True):
    """What the page of roles has fields for and no role has here; whoever fills one in is told so."""

    parent_role_id: UUID | None = None
    is_default: bool | None = None
    department_restricted: bool | None = None
    branch_restricted: bool | None = None
    allowed_departments: Ids | None = None
    allowed_branches: Ids | None = None


def check_unlimited(wish: RoleLimits) -> None:
    """Let a role be opened or changed that is what its rights are.

    Raises:
        NotProvidedFor: It names what else is said of it.
    """
    check_nothing_said(
        wish,
        parent_role_id="roles inherit nothing here; give this one its rights itself",
        is_default="no role is given by itself here; each account names its own",
        department_restricted=NOT_FOR_A_PLACE,
        branch_restricted=NOT_FOR_A_PLACE,
        allowed_departments=NOT_FOR_A_PLACE,
        allowed_branches=NOT_FOR_A_PLACE,
    )


class NewRole(RoleLimits, frozen=True, kw_only=True):
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
    is_active: bool = True
    requires_second_factor: bool = False
    permission_ids: Ids = []


class RoleChange(RoleLimits, frozen=True, kw_only=True):
    """What to change about a role: absent fields stay; `permission_ids`, when given, is all of its rights.

    Its `name` stays, and may be said again only as it is.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"display_name": "Senior teller", "level": 35}

    name: Words | UnsetType = UNSET
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
    """Which role holds which right: `assignments` maps the id of a role to the ids of its rights.

    `matrix` says the same by right; what a role does not hold is not named.
    """

    roles: list[RoleAnswer]
    permissions: list[PermissionAnswer]
    assignments: dict[UUID, list[UUID]]
    matrix: dict[UUID, dict[UUID, bool]]


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


class BulkUnclear(Invalid):
    """It is not said which rights are meant, or whose."""


class Bulk(Struct, frozen=True, kw_only=True):
    """Rights to be given to, or taken from, several roles, or (`delete`) to be struck out: all of it or nothing.

    `activate` changes nothing, since no right is ever out of use; `deactivate` is refused.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "action": "grant",
        "role_ids": ["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
        "permission_ids": ["0f8fad5b-d9cb-469f-a165-70867728950e"],
        "reason": "Tellers count cash from now on",
    }

    action: Literal["grant", "revoke", "activate", "deactivate", "delete"]
    role_ids: Annotated[list[UUID], Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    permission_ids: Some | UnsetType = UNSET
    ids: Some | UnsetType = UNSET
    reason: Words | None = None

    def check(self) -> None:
        """Ask for what the action is about.

        Raises:
            BulkUnclear: It is not said.
        """
        needed = ("role_ids", "permission_ids") if self.is_about_roles else ("ids",)
        if missing := tuple(FieldError(name, IS_NEEDED) for name in needed if not getattr(self, name)):
            raise BulkUnclear("Name role_ids and permission_ids to grant or revoke, or else ids.", errors=missing)

    @property
    def is_about_roles(self) -> bool:
        """Whether roles get or lose the rights."""
        return self.action in {"grant", "revoke"}


class BulkDone(Struct, frozen=True):
    """How many fields of the matrix changed, or how many rights; `success_count` and `total` count what was asked."""

    changed: int
    success_count: int
    failure_count: int
    total: int
