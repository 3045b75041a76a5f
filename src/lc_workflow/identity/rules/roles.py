"""The roles people hold, and what each lets them do and how far."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import NAMESPACE_URL, UUID, uuid5

from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Scope


class Role(StrEnum):
    """The role words of the web app, and those that only we know."""

    ADMIN = "admin"
    MANAGER = "manager"
    OFFICER = "officer"
    TELLER = "teller"
    AUDITOR = "auditor"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a role is shown and ranked, and its grants: permission → scope."""

    display_name: str
    level: int
    grants: Mapping[str, Scope]


def _grants(scope: Scope, *nouns: str) -> dict[str, Scope]:
    """Write `noun:verb,verb` groups as single permissions."""
    return {
        f"{noun}:{verb}": scope
        for group in nouns
        for noun, _, verbs in (group.partition(":"),)
        for verb in verbs.split(",")
    }


_COLLEAGUES = _grants(
    Scope.ALL,
    "branch:read",
    "department:read",
    "position:read",
    "employee:read,view_all",
    "product:read",
    "jurisdiction:read",
)
"""Everyone reads the company's shape: forms offer branches, positions, field staff and products to choose from."""

_OWN_THINGS = _grants(Scope.OWN, "notification:read", "user:read,update")
"""Everyone has their own notifications and their own account; `rules/profiles.py` says what of it they may change."""

STANDINGS: Mapping[Role, Standing] = MappingProxyType(
    {
        Role.ADMIN: Standing(
            "Administrator",
            100,
            _grants(
                Scope.ALL,
                "application:read,create,update,delete",
                "customer:read",
                "file:read,create,delete",
                "folder:read,create,delete",
                "branch:read,create,update,delete",
                "department:read,create,update,delete",
                "position:read,create,update,delete",
                "employee:read,create,update,delete,view_all,assign",
                "user:read,create,update,delete,import,export,manage",
                "analytics:read",
                "notification:read,manage",
                "system:read,manage",
                "product:read,update,publish",
                "jurisdiction:read,update,confirm",
            ),
        ),
        Role.MANAGER: Standing(
            "Branch manager",
            80,
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.BRANCH,
                "application:read,create,update,delete,approve",
                "customer:read",
                "file:read,create,delete",
                "folder:read,create,delete",
                "employee:create,update,assign",
                "user:read",
                "analytics:read",
            ),
        ),
        Role.OFFICER: Standing(
            "Credit officer",
            40,
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.BRANCH,
                "application:read,create,update,process",
                "customer:read",
                "file:read,create",
                "folder:read,create",
                "employee:assign",
                "analytics:read",
            )
            | _grants(Scope.OWN, "application:delete", "file:delete", "folder:delete"),
        ),
        Role.TELLER: Standing(
            "Teller",
            30,
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.BRANCH, "application:read,process", "customer:read", "file:read,create", "folder:read,create"
            )
            | _grants(Scope.OWN, "file:delete"),
        ),
        Role.AUDITOR: Standing(
            "Auditor",
            60,
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.ALL,
                "application:read",
                "customer:read",
                "file:read",
                "folder:read",
                "user:read,export",
                "analytics:read",
                "system:read",
            ),
        ),
        Role.VIEWER: Standing(
            "Viewer",
            10,
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(Scope.BRANCH, "application:read", "customer:read", "file:read", "folder:read", "analytics:read"),
        ),
    }
)
"""The whole of who may do what. An administrator runs the installation and decides no loan (lending.md §2)."""


class RoleAboveOwn(Forbidden):
    """The role stands above the person's own, so it is not theirs to give, to take away or to touch."""


def check_rank(own: Role, *touched: Role) -> None:
    """Let a person give roles and change accounts that stand no higher than they do.

    Raises:
        RoleAboveOwn: One of the touched roles stands higher.
    """
    for role in touched:
        if STANDINGS[role].level > STANDINGS[own].level:
            raise RoleAboveOwn(f"The role {role} stands above your own; somebody higher must do this.")


def id_of(name: str) -> UUID:
    """A lasting id for a role or a permission, which are named and not stored."""
    return uuid5(NAMESPACE_URL, f"lc-workflow:{name}")
