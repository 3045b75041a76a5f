"""Checking whether somebody with an identity number is a customer already."""

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.availability.schemas import Availability
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.customers.access import visible_to
from lc_workflow.lending.customers.models import Customer, IdentityPaper
from lc_workflow.lending.ports import LoanBook
from lc_workflow.lending.rules.matching import identity_key, read_identity_card
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.platform.security.columns import found_by


class Recognition:
    """Knows customers by their papers; nothing is said of customers whom the person may not see."""

    def __init__(self, session: AsyncSession, loan_book: LoanBook) -> None:
        self._session = session
        self._loan_book = loan_book

    async def of(
        self, id_number: str, id_card_type: IdCardType | None, *, except_for: UUID | None, principal: Principal
    ) -> Availability:
        """Say whether a customer whom the person may see has a paper with this number."""
        if id_card_type is IdCardType.CAMBODIAN_IDENTITY:
            try:
                read_identity_card(id_number)
            except Invalid as refusal:
                return Availability(available=False, valid=False, message=refusal.detail)
        kinds = [id_card_type] if id_card_type else list(IdCardType)
        keys = [key for kind in kinds if (key := identity_key(kind, id_number))]
        if not keys:
            return Availability(available=False, valid=False, message="This is no identity number.")
        known = (
            select(IdentityPaper.id)
            .join(Customer, Customer.id == IdentityPaper.customer_id)
            .where(
                found_by(IdentityPaper.identity_index, *keys, of="identity"),
                Customer.id.is_distinct_from(except_for),
                visible_to(principal, self._loan_book),
            )
        )
        if await self._session.scalar(select(exists(known))):
            return Availability(available=False, valid=True, message="A customer has a paper with this number already.")
        return Availability(available=True, valid=True, message="No customer you may see has this number.")
