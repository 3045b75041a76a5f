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
    """The customers this person may see: those of their branch, and those reached through a loan they may see."""
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
    """Return a test for whether this person may read a customer's numbers in full.

    A right to read numbers that reaches as far as the right to see customers covers every customer they see, also one
    of another branch seen through a loan.
    """
    sees, reads = principal.scope_of(READ), principal.scope_of(READ_NUMBERS)
    everywhere = sees is not None and reads is not None and reads.width >= sees.width
    return lambda shown: everywhere or reader.reaches(owner_id=None, branch_id=shown.branch_id)


def reaches(principal: Principal, permission: str, customer: Customer) -> bool:
    """Whether a permission of this person covers this customer; a branch right covers only its own customers."""
    return principal.reaches(permission, owner_id=None, branch_id=customer.branch_id)
