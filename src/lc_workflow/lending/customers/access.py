"""Who may see which customers, and what they may do with them."""

from collections.abc import Callable
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.ports import LoanBook
from lc_workflow.platform.security.personal import READ as READ_NUMBERS
from lc_workflow.platform.security.reads import Reader

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


class Shown(Protocol):
    """An answer about a customer, as far as it says where they belong."""

    @property
    def branch_id(self) -> UUID | None:
        """Their branch."""


def reads_numbers(reader: Reader, principal: Principal) -> Callable[[Shown], bool]:
    """Tell of each customer whether a person reads their numbers whole.

    Who reads numbers as far as they see customers reads those of all they see, a loan's customer from another branch
    included.
    """
    sees, reads = principal.scope_of(READ), principal.scope_of(READ_NUMBERS)
    everywhere = sees is not None and reads is not None and reads.width >= sees.width
    return lambda shown: everywhere or reader.reaches(owner_id=None, branch_id=shown.branch_id)


def reaches(principal: Principal, permission: str, customer: Customer) -> bool:
    """Whether a permission of this person holds for this customer; within a branch, only for the branch's own."""
    return principal.reaches(permission, owner_id=None, branch_id=customer.branch_id)
