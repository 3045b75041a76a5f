"""The names that the administration page has for changes of roles and rights."""

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


ASSIGNED: Final = "role_permission_assigned"
REVOKED: Final = "role_permission_revoked"
DENIED: Final = "permission_denied"
FINER: Final[Mapping[str, str]] = {
    ASSIGNED: CHANGES["RoleRightsChanged"].action,
    REVOKED: CHANGES["RoleRightsChanged"].action,
    DENIED: CHANGES["RightGiven"].action,
}
"""Narrower names for some changes, with the general name."""


def action_of(kind: str, facts: Mapping[str, object]) -> str:
    """The name of a recorded change; a denied right was not granted."""
    if kind == "RoleRightsChanged" and bool(facts.get("given")) != bool(facts.get("taken")):
        return ASSIGNED if facts.get("given") else REVOKED
    if kind == "RightGiven" and not facts.get("is_granted"):
        return DENIED
    return CHANGES[kind].action


def kinds_called(action: str | None, entity: str | None) -> frozenset[str]:
    """The kinds that an action and an entity mean together; without either, any."""
    action = FINER.get(action, action) if action else action
    return frozenset(
        kind for kind, change in CHANGES.items() if action in {None, change.action} and entity in {None, change.entity}
    )
