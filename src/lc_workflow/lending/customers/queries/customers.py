"""Finding customers: lists, one in full, possible duplicates, and whose account is whose."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.customers.access import visible_to
from lc_workflow.lending.customers.models import (
    WITH_NUMBERS,
    Account,
    Customer,
    IdentityPaper,
    PossibleDuplicate,
    Telephone,
)
from lc_workflow.lending.ports import LoanBook
from lc_workflow.lending.rules.matching import clean, identity_key
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.platform.http.long_lists import Key, Part, cut
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.search import among, names
from lc_workflow.platform.security.columns import found_by

MOST_PARTS: Final = 5
"""Up to how many words of a name are searched in any order."""

_NEWEST: Final = (Key(Customer.created_at, descending=True), Key(Customer.id))


class CustomerQueries:
    """The customers a person may see."""

    def __init__(self, session: AsyncSession, loan_book: LoanBook) -> None:
        """Open the queries on the request's session; `loan_book` knows the loans that lead to customers."""
        self._session = session
        self._loan_book = loan_book

    async def page(
        self, window: Window, *, search: str | None, branch_id: UUID | None, principal: Principal
    ) -> Part[Customer]:
        """List customers, newest first, without those merged into others.

        Raises:
            BadCursor: The cursor is none of this list.
        """
        where = [visible_to(principal, self._loan_book), Customer.merged_into.is_(None)]
        if branch_id is not None:
            where.append(Customer.branch_id == branch_id)
        if search and search.strip():
            where.append(_mentions(search))
        part = await cut(
            self._session,
            select(Customer).where(*where).options(*WITH_NUMBERS),
            window,
            *_NEWEST,
            count=select(func.count()).select_from(Customer).where(*where),
        )
        return replace(part, rows=[row for (row,) in part.rows])

    async def whole(self, customer_id: UUID, *, principal: Principal) -> Customer:
        """Load a customer with papers and telephones; a merged customer is still there, and points to the other.

        Raises:
            Missing: There is no such customer, or the person may not see them.
        """
        customer = await self._session.scalar(
            select(Customer)
            .where(visible_to(principal, self._loan_book), Customer.id == customer_id)
            .options(*WITH_NUMBERS)
            .execution_options(populate_existing=True)
        )
        if customer is None:
            raise Missing("There is no such customer, or they are not yours to see.")
        return customer

    async def present(self, customer_id: UUID, *, principal: Principal) -> UUID:
        """The customer an id stands for today: the same, or the one they were merged into.

        Raises:
            Missing: There is no such customer, or the person may not see them.
        """
        customer = await self.whole(customer_id, principal=principal)
        return customer.merged_into or customer.id

    async def duplicates(
        self, customer_id: UUID, *, principal: Principal
    ) -> Sequence[tuple[PossibleDuplicate, Customer]]:
        """List who may be the same person as a customer, of those one may see, the newest finding first.

        Raises:
            Missing: There is no such customer, or the person may not see them.
        """
        present = await self.present(customer_id, principal=principal)
        mine, theirs = PossibleDuplicate.customer_id, PossibleDuplicate.other_id
        rows = await self._session.execute(
            select(PossibleDuplicate, Customer)
            .join(
                Customer, ((mine == present) & (theirs == Customer.id)) | ((theirs == present) & (mine == Customer.id))
            )
            .where(or_(mine == present, theirs == present), visible_to(principal, self._loan_book))
            .order_by(PossibleDuplicate.found_at.desc(), PossibleDuplicate.id)
        )
        return [(row, customer) for row, customer in rows]

    async def accounts(self, customer_id: UUID, *, principal: Principal) -> Sequence[Account]:
        """List the accounts that belong to a customer, the oldest first.

        Raises:
            Missing: There is no such customer, or the person may not see them.
        """
        present = await self.present(customer_id, principal=principal)
        rows = await self._session.scalars(
            select(Account).where(Account.customer_id == present).order_by(Account.created_at, Account.account_id)
        )
        return rows.all()


def _mentions(written: str) -> ColumnElement[bool]:
    """Match parts of names in either script and any order, and whole identity and telephone numbers."""
    text = clean(written)
    ways = [
        and_(*(names(column, part) for part in text.split(maxsplit=MOST_PARTS - 1) or [text]))
        for column in (Customer.full_name_latin, Customer.full_name_khmer)
    ]
    if keys := [key for kind in IdCardType if (key := identity_key(kind, text))]:
        ways.append(
            among(
                Customer.id,
                select(IdentityPaper.customer_id).where(found_by(IdentityPaper.identity_index, *keys, of="identity")),
            )
        )
    if key := phone_key(text):
        ways.append(
            among(Customer.id, select(Telephone.customer_id).where(found_by(Telephone.phone_index, key, of="phone")))
        )
    return or_(*ways)
