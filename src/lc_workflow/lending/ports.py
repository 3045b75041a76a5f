"""What customers ask about their loans, and authorities about approval matrices."""

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
        """The customers this person can reach through applications they may see, as any party to them."""
        ...

    async def count(
        self, session: AsyncSession, customer_ids: Collection[UUID], principal: Principal
    ) -> Mapping[UUID, Loans]:
        """Count the loans of these customers that the person may see; a customer without any may be left out."""
        ...

    async def hold(self, session: AsyncSession, customer_id: UUID) -> frozenset[UUID]:
        """Lock the applications that lead to a customer until the transaction ends, and say which they are.

        Applications are always locked before their people, so this comes before locking the customer.
        """
        ...

    async def of(self, session: AsyncSession, customer_id: UUID) -> frozenset[UUID]:
        """The applications that lead to a customer now."""
        ...

    async def hand_over(self, session: AsyncSession, *, giver: UUID, taker: UUID) -> tuple[UUID, ...]:
        """Give one customer's applications and guarantees to another, inside the caller's transaction.

        Returns which applications they were.
        """
        ...


ForLoanBook: TypeAlias = NamedDependency[SkipValidation[LoanBook]]
"""The port as a dependency, named `loan_book`; Litestar cannot check a protocol."""


class Offices(Protocol):
    """Knows the roles that approval matrices need."""

    async def are_waited_for(self, session: AsyncSession, role: str) -> bool:
        """Whether a version of the approval matrix, even a draft, needs somebody with a role."""
        ...


ForOffices: TypeAlias = NamedDependency[SkipValidation[Offices]]
"""The port as a dependency, named `offices`."""
