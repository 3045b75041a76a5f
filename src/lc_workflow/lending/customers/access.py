"""Who may see which customers, and what they may do with them."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.ports import LoanBook

READ: Final = "customer:read"
CREATE: Final = "customer:create"
UPDATE: Final = "customer:update"
MERGE: Final = "customer:merge"


def visible_to(principal: Principal, loan_book: LoanBook) -> ColumnElement[bool]:
    """Narrow a query to the customers this person may see: of their branch, or reached through a loan they may see."""
    reached = Customer.id.in_(loan_book.customers_reached(principal))
    match principal.scope_of(READ):
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return (Customer.branch_id == principal.branch_id) | reached
        case None:
            return false()
        case _:
            return reached


def reaches(principal: Principal, permission: str, customer: Customer) -> bool:
    """Whether a permission of this person holds for this customer; within a branch, only for the branch's own."""
    return principal.reaches(permission, owner_id=None, branch_id=customer.branch_id)
