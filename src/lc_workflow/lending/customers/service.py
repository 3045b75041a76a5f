"""Finding or making the one row of a person, and keeping their accounts theirs."""

from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.customers.models import Account, Customer
from lc_workflow.lending.rules.matching import identity_key
from lc_workflow.lending.rules.terms import IdCardType, MaritalStatus, Sex
from lc_workflow.platform.service import Service


class AccountOfAnother(Invalid):
    """The account id belongs to another customer (lending.md §5)."""


class Described(Protocol):
    """A person as an application describes them."""

    id_card_type: IdCardType | None
    id_number: str | None
    full_name_khmer: str | None
    full_name_latin: str | None
    phone: str | None
    date_of_birth: date | None
    sex: Sex | None
    marital_status: MaritalStatus | None
    branch_id: UUID | None


class CustomerService(Service[Customer]):
    """The people who borrow; its verbs work inside the caller's transaction."""

    class Repo(SQLAlchemyAsyncRepository[Customer]):
        """Customers as rows."""

        model_type = Customer

    repository_type = Repo
    noun = "customer"

    async def identified(self, person: Described, *, at: datetime) -> UUID | None:
        """Find the person by their identity paper, or write them down; None when they have shown none.

        A returning customer's row is found and left as it is: what differs this time stands in the application.
        """
        key = identity_key(person.id_card_type, person.id_number)
        if key is None:
            return None
        made = await self.session.scalar(
            insert(Customer)
            .values(**_described(person), identity_key=key, created_at=at, updated_at=at)
            .on_conflict_do_nothing(index_elements=[Customer.identity_key])
            .returning(Customer.id)
        )
        return made or await self.session.scalar(select(Customer.id).where(Customer.identity_key == key))

    async def written_down(self, person: Described, *, at: datetime) -> UUID:
        """Write down a person who has shown no paper: nothing tells whether they were here before."""
        customer = await self.create(Customer(**_described(person), created_at=at, updated_at=at))
        return customer.id

    async def own_account(self, account_id: str, customer_id: UUID, *, at: datetime) -> None:
        """Make an account id this customer's, for this loan and those to come.

        Raises:
            AccountOfAnother: It belongs to somebody else.
        """
        await self.session.execute(
            insert(Account)
            .values(id=uuid4(), account_id=account_id, customer_id=customer_id, created_at=at)
            .on_conflict_do_nothing(index_elements=[Account.account_id])
        )
        owner = await self.session.scalar(select(Account.customer_id).where(Account.account_id == account_id))
        if owner != customer_id:
            raise AccountOfAnother("This account id belongs to another customer; check the number.")


def _described(person: Described) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "id_card_type": person.id_card_type,
        "id_number": person.id_number,
        "full_name_khmer": person.full_name_khmer,
        "full_name_latin": person.full_name_latin,
        "phone": person.phone,
        "date_of_birth": person.date_of_birth,
        "sex": person.sex,
        "marital_status": person.marital_status,
        "branch_id": person.branch_id,
    }
