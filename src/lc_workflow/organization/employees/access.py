"""Who may do what with employees."""

from typing import Final

from sqlalchemy import ColumnElement

from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.reach import within

READ: Final = "employee:read"
CREATE: Final = "employee:create"
UPDATE: Final = "employee:update"
DELETE: Final = "employee:delete"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the employees this person may see."""
    return within(principal, READ, owner=Employee.user_id, branch=Employee.branch_id)


def reaches(principal: Principal, permission: str, employee: Employee) -> bool:
    """Whether a permission of this person holds for this employee."""
    return principal.reaches(permission, owner_id=employee.user_id, branch_id=employee.branch_id)
