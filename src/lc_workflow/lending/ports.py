"""What customers must ask of whoever knows their loans, and authorities of whoever knows what waits for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from sqlalchemy import CompoundSelect
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.principal import Principal


@dataclass(frozen=True, slots=True)
class Loans:
    """How many applications a customer has, and how many papers were uploaded for them."""

    applications: int = 0
    files: int = 0


NO_LOANS: Final = Loans()
"""The count of a customer without applications."""


class LoanBook(Protocol):
    """Knows the applications of customers."""

    def customers_reached(self, principal: Principal) -> CompoundSelect[UUID | None]:
        """The customers of applications this person may see: as borrower, co-borrower or guarantor."""
        ...

    async def count(
        self, session: AsyncSession, customer_ids: Collection[UUID], principal: Principal
    ) -> Mapping[UUID, Loans]:
        """Count what of these customers' loans the person may see; a customer without any may be left out."""
        ...

    async def hold(self, session: AsyncSession, customer_id: UUID) -> None:
        """Keep others from working on the applications that lead to a customer until the transaction ends.

        Whoever works on one holds it before its people, so it is held before the customer too.
        """
        ...

    async def hand_over(self, session: AsyncSession, *, giver: UUID, taker: UUID) -> tuple[UUID, ...]:
        """Make the applications and guarantees of one customer another's, inside the caller's transaction.

        Answers which applications they were.
        """
        ...


ForLoanBook: TypeAlias = NamedDependency[SkipValidation[LoanBook]]
"""The port as a dependency, named `loan_book`; Litestar cannot check a protocol."""


class Offices(Protocol):
    """Knows the words for those who decide."""

    async def are_waited_for(self, session: AsyncSession, role: str) -> bool:
        """Whether a version of the approval matrix, a draft as well, waits for somebody who holds a role."""
        ...


ForOffices: TypeAlias = NamedDependency[SkipValidation[Offices]]
"""The port as a dependency, named `offices`."""
