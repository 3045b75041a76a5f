"""What the page that administers roles and rights calls their changes."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Change(NamedTuple):
    """A kind of change: what was done, and to what."""

    action: str
    entity: str


CHANGES: Final[Mapping[str, Change]] = {
    "RoleGiven": Change("role_assigned", "user_role"),
    "RoleChanged": Change("role_assigned", "user_role"),
    "RoleTaken": Change("role_revoked", "user_role"),
    "RightGiven": Change("permission_granted", "user_permission"),
    "RightTaken": Change("permission_revoked", "user_permission"),
    "RoleOpened": Change("role_created", "role"),
    "RoleAltered": Change("role_updated", "role"),
    "RoleClosed": Change("role_deleted", "role"),
    "RoleRightsChanged": Change("role_permissions_changed", "role_permission"),
    "PermissionAdded": Change("permission_created", "permission"),
    "PermissionDescribed": Change("permission_updated", "permission"),
    "PermissionRemoved": Change("permission_deleted", "permission"),
    "TemplateWritten": Change("template_written", "template"),
    "TemplateRemoved": Change("template_deleted", "template"),
}
"""By the kind of the journal's entry."""


def kinds_called(action: str | None, entity: str | None) -> frozenset[str]:
    """Name the kinds that an action and an entity mean together; nothing said means any."""
    return frozenset(
        kind for kind, change in CHANGES.items() if action in {None, change.action} and entity in {None, change.entity}
    )
