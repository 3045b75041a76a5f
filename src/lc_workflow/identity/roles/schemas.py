"""Rights as answers: what the web app's menu and its administration pages read."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from lc_workflow.kernel.principal import Scope


class RoleCard(Struct, frozen=True):
    """A role a person holds; `until` when it was given for a time."""

    id: UUID
    name: str
    display_name: str
    level: int
    is_active: bool = True
    is_system_role: bool = True
    until: datetime | None = None


class PermissionCard(Struct, frozen=True):
    """One right, taken apart the way the web app's menu asks for it; `name` is written `application:read:branch`."""

    id: UUID
    name: str
    resource_type: str
    action: str
    scope: Scope


class EffectivePermission(Struct, frozen=True, kw_only=True):
    """A right a person holds or is denied, and where it comes from: a role, or themselves."""

    permission: PermissionCard
    source: Literal["role", "direct"]
    role_name: str | None = None
    is_granted: bool = True
    until: datetime | None = None
    reason: str | None = None


class Rights(Struct, frozen=True):
    """Everything a person may do: their roles, what was given or denied to them, and what both come to."""

    user_id: UUID
    roles: tuple[RoleCard, ...]
    effective_permissions: tuple[EffectivePermission, ...]
    direct_permissions: tuple[EffectivePermission, ...]
