"""Who may do what with applications: the one place every query about them starts from."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select, true

from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import CLOSED

READ: Final = "application:read"
CREATE: Final = "application:create"
UPDATE: Final = "application:update"
DELETE: Final = "application:delete"
PROCESS: Final = "application:process"
APPROVE: Final = "application:approve"
READ_CUSTOMERS: Final = "customer:read"
PERMISSIONS: Final = (READ, CREATE, UPDATE, DELETE, PROCESS, APPROVE)


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the applications this person may see."""
    return within(principal, READ)


def within(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Narrow a query to the applications a permission of this person reaches."""
    mine = CustomerApplication.user_id == principal.id
    match principal.scope_of(permission):
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return mine | (CustomerApplication.branch_id == principal.branch_id)
        case None:
            return false()
        case _:
            return mine


def permissions_for(principal: Principal, application: CustomerApplication) -> frozenset[str]:
    """The permissions this person holds for one application: the same reach as `within`, asked of a loaded row."""
    return frozenset(permission for permission in PERMISSIONS if _reaches(principal, permission, application))


def _reaches(principal: Principal, permission: str, application: CustomerApplication) -> bool:
    match principal.scope_of(permission):
        case Scope.ALL:
            return True
        case None:
            return False
        case Scope.BRANCH if principal.branch_id is not None and principal.branch_id == application.branch_id:
            return True
        case _:
            return application.user_id == principal.id


class PapersOfApplications:
    """Answers `documents.ports.ApplicationAccess`."""

    def readable(self, principal: Principal) -> Select[UUID]:
        """Papers are seen by whoever sees the application."""
        return select(CustomerApplication.id).where(visible_to(principal))

    def writable(self, principal: Principal) -> Select[UUID]:
        """Papers are added and taken away by whoever works on the application, until it is decided."""
        return select(CustomerApplication.id).where(
            visible_to(principal),
            within(principal, UPDATE) | within(principal, PROCESS) | within(principal, APPROVE),
            CustomerApplication.workflow_status.not_in(CLOSED),
        )
