"""The roles every installation begins with, and what each lets people do and how far."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from lc_workflow.identity.rules.grants import NoSuchRight, Right
from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid
from lc_workflow.kernel.principal import Scope


class Role(StrEnum):
    """The names of the roles that an installation begins with; it may add roles of its own."""

    ADMIN = "admin"
    REGIONAL_MANAGER = "regional_manager"
    MANAGER = "manager"
    OFFICER = "officer"
    PORTFOLIO_OFFICER = "portfolio_officer"
    TELLER = "teller"
    DATA_ENTRY = "data_entry"
    AUDITOR = "auditor"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a role is shown and ranked, the word the web app knows it by, and its grants: permission → scope.

    The web app draws its workflow buttons by the words `admin`, `manager`, `officer`, `viewer` and `teller`.
    """

    display_name: str
    level: int
    web_word: str
    grants: Mapping[str, Scope]

    @property
    def rights(self) -> tuple[str, ...]:
        """The grants as written rights, in order."""
        return tuple(sorted(str(Right(permission, scope)) for permission, scope in self.grants.items()))


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
    "rate:read",
    "policy:read",
    "scorecard:read",
    "checklist:read",
)
"""Everyone may read the company's structure: forms offer branches, positions, field staff and products."""

_OWN_THINGS = _grants(Scope.OWN, "notification:read", "user:read,update")
"""Everyone has their own notifications and account; `rules/profiles.py` says what of it they may change."""

STANDINGS: Mapping[Role, Standing] = MappingProxyType(
    {
        Role.ADMIN: Standing(
            "Administrator",
            100,
            "admin",
            _grants(
                Scope.ALL,
                "application:read,create,update,delete,export",
                "task:assign",
                "dossier:read",
                "customer:read,create,update,merge",
                "file:read,create,delete",
                "selfie:read,create,delete",
                "folder:read,create,delete",
                "document_type:update",
                "branch:read,create,update,delete",
                "department:read,create,update,delete",
                "position:read,create,update,delete",
                "employee:read,create,update,delete,view_all,assign",
                "user:read,create,update,delete,import,export,manage",
                "analytics:read",
                "audit:read,export",
                "notification:read,manage,send",
                "webhook:read,manage",
                "permission:read,manage",
                "security:read,manage",
                "approval:read,manage",
                "system:read,manage",
                "product:read,update,publish",
                "jurisdiction:read,update,confirm",
                "rate:read,update",
                "policy:read,update",
                "scorecard:read,publish",
                "checklist:read,update,publish",
                "personal:read",
            ),
        ),
        Role.REGIONAL_MANAGER: Standing(
            "Regional manager",
            85,
            "manager",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.ALL,
                "application:read,approve",
                "waiver:grant",
                "dossier:read",
                "customer:read",
                "personal:read",
                "file:read,verify",
                "folder:read",
                "user:read",
                "analytics:read",
                "approval:read,delegate",
            ),
        ),
        Role.MANAGER: Standing(
            "Branch manager",
            80,
            "manager",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.BRANCH,
                "application:read,create,update,delete,approve,export",
                "task:assign",
                "disbursement:request,confirm",
                "dossier:read",
                "customer:read,create,update,merge",
                "personal:read",
                "waiver:grant",
                "file:read,create,delete,verify",
                "selfie:read,create,validate,delete",
                "folder:read,create,delete",
                "employee:create,update,assign",
                "user:read",
                "analytics:read",
                "audit:read",
                "notification:send",
            )
            | _grants(Scope.ALL, "approval:read,delegate"),
        ),
        Role.OFFICER: Standing(
            "Credit officer",
            40,
            "officer",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.BRANCH,
                "application:read,create,update,process",
                "disbursement:request",
                "dossier:read",
                "customer:read,create,update",
                "personal:read",
                "file:read,create,verify",
                "selfie:read,create",
                "folder:read,create",
                "employee:assign",
                "analytics:read",
            )
            | _grants(Scope.OWN, "application:delete", "file:delete", "selfie:delete", "folder:delete"),
        ),
        Role.PORTFOLIO_OFFICER: Standing(
            "Portfolio officer",
            45,
            "officer",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.TEAM,
                "application:read,create,update",
                "customer:read",
                "personal:read",
                "file:read,create",
                "selfie:read,create",
                "folder:read,create",
                "analytics:read",
            )
            | _grants(Scope.OWN, "application:delete", "file:delete", "selfie:delete", "folder:delete"),
        ),
        Role.TELLER: Standing(
            "Teller",
            30,
            "teller",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.BRANCH,
                "application:read,process",
                "disbursement:request,confirm",
                "customer:read",
                "personal:read",
                "file:read,create,verify",
                "selfie:read,create,validate",
                "folder:read,create",
            )
            | _grants(Scope.OWN, "file:delete", "selfie:delete"),
        ),
        Role.DATA_ENTRY: Standing(
            "Data-entry clerk",
            20,
            "viewer",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.OWN,
                "application:read,create,update,delete",
                "customer:read",
                "personal:read",
                "file:read,create,delete",
                "selfie:read,create,delete",
                "folder:read,create,delete",
            ),
        ),
        Role.AUDITOR: Standing(
            "Auditor",
            60,
            "viewer",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.ALL,
                "application:read,export",
                "dossier:read",
                "customer:read",
                "file:read",
                "selfie:read",
                "folder:read",
                "user:read,export",
                "analytics:read",
                "audit:read,export",
                "permission:read",
                "security:read",
                "approval:read",
                "system:read",
            ),
        ),
        Role.VIEWER: Standing(
            "Viewer",
            10,
            "viewer",
            _COLLEAGUES
            | _OWN_THINGS
            | _grants(
                Scope.BRANCH,
                "application:read",
                "customer:read",
                "file:read",
                "selfie:read",
                "folder:read",
                "analytics:read",
            ),
        ),
    }
)
"""Who may do what before an installation changes it. An administrator runs the house and decides no loan (§2)."""

PERSONAL: Final = frozenset(
    {
        "application",
        "audit",
        "customer",
        "personal",
        "file",
        "selfie",
        "folder",
        "employee",
        "user",
        "analytics",
        "waiver",
        "dossier",
    }
)
"""The nouns of things that belong to a person and a branch, so that a permission may reach less than all."""


def _catalogue() -> Mapping[str, frozenset[Scope]]:
    scopes: dict[str, set[Scope]] = {}
    for standing in STANDINGS.values():
        for permission, scope in standing.grants.items():
            noun = permission.partition(":")[0]
            scopes.setdefault(permission, set(Scope) if noun in PERSONAL else {Scope.ALL}).add(scope)
    return MappingProxyType({permission: frozenset(scopes[permission]) for permission in sorted(scopes)})


CATALOGUE: Final = _catalogue()
"""Every permission that is used, with the scopes that make sense for it."""


def check_right(right: Right) -> None:
    """Refuse a right that nothing uses.

    Raises:
        NoSuchRight: Nothing asks for the permission, or it does not come in that scope.
    """
    scopes = CATALOGUE.get(right.permission)
    if scopes is None:
        raise NoSuchRight(f"Nothing in this house asks for the permission {right.permission}.")
    if right.scope not in scopes:
        raise NoSuchRight(f"{right.permission} comes in the scopes {', '.join(sorted(scopes))}, not in {right.scope}.")


class NoSuchRole(Invalid):
    """There is no role of that name."""

    def __init__(self) -> None:
        super().__init__("There is no such role.", errors=(FieldError("role", "is no role"),))


class RoleAboveOwn(Forbidden):
    """The role ranks above the person's own, so they may not give it, take it or change its holders."""


def check_rank(own: int, touched: Mapping[str, int]) -> None:
    """Refuse to give roles, or to change accounts, that rank above the person's own.

    `own` is the level of the person, `touched` are the roles in question with their levels.

    Raises:
        RoleAboveOwn: One of the touched roles stands higher.
    """
    for role, level in touched.items():
        if level > own:
            raise RoleAboveOwn(f"The role {role} stands above your own; somebody higher must do this.")
