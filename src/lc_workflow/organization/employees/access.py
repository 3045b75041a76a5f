"""Who may do what with employees."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.organization.employees.models import Employee

READ: Final = "employee:read"
CREATE: Final = "employee:create"
UPDATE: Final = "employee:update"
DELETE: Final = "employee:delete"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the employees this person may see."""
    match principal.scope_of(READ):
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return Employee.branch_id == principal.branch_id
        case Scope.OWN:
            return Employee.user_id == principal.id
        case _:
            return false()


def reaches(principal: Principal, permission: str, employee: Employee) -> bool:
    """Whether a permission of this person holds for this employee; within a branch, only for those who work there."""
    match principal.scope_of(permission):
        case Scope.ALL:
            return True
        case Scope.BRANCH:
            return principal.branch_id is not None and principal.branch_id == employee.branch_id
        case Scope.OWN:
            return employee.user_id == principal.id
        case _:
            return False
