"""Customers as far as a person's rights reach."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.customers.access import reaches, visible_to
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.customers.service import CustomerService
from lc_workflow.lending.ports import LoanBook


class NotYourCustomer(Forbidden):
    """The customer belongs to another branch; seeing them does not mean being allowed to change them."""


class MergedAway(Invalid):
    """The customer was merged into another; there is nothing left to change here."""


class CustomersInReach(CustomerService):
    """The customers somebody may see, and those they may do something with."""

    def __init__(self, session: AsyncSession, loan_book: LoanBook) -> None:
        """Open the service on the request's session; `loan_book` knows the loans that lead to customers."""
        super().__init__(session)
        self._loan_book = loan_book

    async def _sees(self, customer_id: UUID, principal: Principal) -> bool:
        seen = exists().where(visible_to(principal, self._loan_book), Customer.id == customer_id)
        return bool(await self.session.scalar(select(seen)))

    async def _locked(self, customer_id: UUID, permission: str, principal: Principal) -> Customer:
        """Load and lock a customer whom the person may see and may do this with."""
        customer = await self.find(visible_to(principal, self._loan_book), id=customer_id, lock=True)
        if not reaches(principal, permission, customer):
            raise NotYourCustomer("You may do this for the customers of your own branch only.")
        if customer.merged_into:
            raise MergedAway(f"This customer turned out to be the customer {customer.merged_into}; go there.")
        return customer
