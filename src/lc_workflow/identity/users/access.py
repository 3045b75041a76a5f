"""Who may do what with accounts."""

from typing import Final

from sqlalchemy import ColumnElement, false, or_, true

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal, Scope

READ: Final = "user:read"
CREATE: Final = "user:create"
UPDATE: Final = "user:update"
DELETE: Final = "user:delete"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the accounts a person may see."""
    return in_reach(principal, READ)


def in_reach(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Narrow a query to the accounts a permission reaches; whoever holds it at all holds it over themselves."""
    myself = User.id == principal.id
    match principal.scope_of(permission):
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return or_(myself, User.branch_id == principal.branch_id)
        case Scope.DEPARTMENT if principal.department_id is not None:
            return or_(myself, User.department_id == principal.department_id)
        case None:
            return false()
        case _:
            return myself
