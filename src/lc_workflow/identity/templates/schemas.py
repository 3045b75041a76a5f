"""Permission templates as requests and answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.identity.permissions.schemas import DisplayName, Ids, PermissionAnswer, Words

RightName = Annotated[str, Meta(max_length=100)]
RightNames = Annotated[list[RightName], Meta(max_length=1_000)]
"""Rights as they are written (`application:read:branch`); the web app's page names some by their ids instead."""

RoleIds = Annotated[list[UUID], Meta(max_length=100)]


class Target(StrEnum):
    """What a template is applied to."""

    ROLE = "role"
    USER = "user"


class TemplateAnswer(Struct, frozen=True, kw_only=True):
    """A template; `permissions` are written rights (`application:read:branch`)."""

    id: UUID
    name: str
    description: str | None
    permissions: list[str]
    permission_count: int
    created_by: UUID
    created_at: datetime
    updated_at: datetime


class NewTemplate(Struct, frozen=True, kw_only=True):
    """A template to write down: its rights by id, by name, or both."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "name": "Cash desk",
        "description": "What who counts cash may do",
        "permissions": ["application:read:branch"],
    }

    name: DisplayName
    description: Words | None = None
    permission_ids: Ids = []
    permissions: RightNames = []


class TemplateChange(Struct, frozen=True, kw_only=True):
    """What to change about a template: absent fields stay; the rights are a whole list when given."""

    EXAMPLE: ClassVar[dict[str, object]] = {"description": "What who counts cash may do"}

    name: DisplayName | UnsetType = UNSET
    description: Words | UnsetType | None = UNSET
    permission_ids: Ids | UnsetType = UNSET
    permissions: RightNames | UnsetType = UNSET


class Exported(Struct, frozen=True, kw_only=True):
    """A template as a file: what `import` takes in again, in this or in another installation.

    `template_name` is its name once more, for the page that names the file by it.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "name": "Cash desk",
        "description": "What who counts cash may do",
        "permissions": ["application:read:branch"],
    }

    name: DisplayName
    description: Words | None = None
    permissions: RightNames = []
    template_name: str | UnsetType = UNSET


class Brought(TemplateAnswer, frozen=True, kw_only=True):
    """A template that was taken in: whether it is new, and how many of its rights this installation has and has not."""

    action: Literal["created", "updated"]
    mapped_count: int
    unmapped_count: int


class SourceRoles(Struct, frozen=True, kw_only=True):
    """Roles whose rights are put together; those out of use count only with `include_inactive_roles`."""

    source_role_ids: RoleIds = []
    include_inactive_roles: bool = False


class FromRoles(SourceRoles, frozen=True, kw_only=True):
    """Roles whose rights become templates: one of each in `role_ids`, and one of all `source_role_ids` together."""

    EXAMPLE: ClassVar[dict[str, object]] = {"role_ids": ["7c9e6679-7425-40de-944b-e07fc1f90ae7"]}

    role_ids: RoleIds = []
    template_name: DisplayName | None = None
    template_description: Words | None = None


class PreviewRequest(SourceRoles, frozen=True, kw_only=True):
    """A template, rights, or those of roles, and the role or the person they would be given to.

    Without a target it is looked at what one could give at all.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "target_type": "role",
        "target_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "permissions": ["application:read:branch"],
    }

    target_type: Target | None = None
    target_id: UUID | None = None
    template_id: UUID | None = None
    permissions: RightNames = []


class Preview(Struct, frozen=True):
    """What applying would do: rights that would be added, those held already, and those that one may not give.

    `suggested_permissions` are all of them, whether held or not: what a template of them would hold.
    """

    added: list[str]
    held: list[str]
    refused: list[str]
    estimated_template_size: int
    suggested_permissions: list[PermissionAnswer]


class Applied(Struct, frozen=True):
    """How many rights were added."""

    added: int
