"""Finding or writing down a person's one customer row, and what belongs to it: papers, telephones, accounts."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    String,
    Uuid,
    bindparam,
    column,
    delete,
    exists,
    func,
    not_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.sql.dml import ReturningInsert

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.customers.models import Account, Customer, IdentityPaper, PossibleDuplicate, Telephone
from lc_workflow.lending.customers.queries import Sharing
from lc_workflow.lending.customers.service.describing import Described, columns_of, description_of
from lc_workflow.lending.events import CustomerChanged, CustomerForgotten, PossibleDuplicateFound
from lc_workflow.lending.rules.matching import identity_key, kind_of
from lc_workflow.lending.rules.recognising import MatchedBy, recognise
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.phones import phone_keys
from lc_workflow.platform.security.columns import blind, found_by
from lc_workflow.platform.service import Service

Alone = Callable[[UUID], Awaitable[bool]]
"""Answers whether nothing but the application at hand refers to a customer."""


class AccountOfAnother(Invalid):
    """The account id belongs to another customer (lending.md §5)."""


class CustomerService(Service[Customer]):
    """The people who borrow; its verbs work inside the caller's transaction."""

    noun = "customer"

    async def hold(self, persons: Iterable[Described] = (), customer_ids: Iterable[UUID] = ()) -> None:
        """Lock these numbers and customers until the transaction ends, once nobody else is working on them.

        So two tellers who meet one new person at once write one row. Lock several people in one call: two callers who
        lock them one by one could deadlock.
        """
        people, ids = [description_of(person) for person in persons], [*customer_ids]
        await self._hold_keys({key for one in people for key in one.keys} | await self._keys_of(ids))
        await Sharing(self.session).hold(people, ids)

    async def identify(
        self,
        person: Described,
        *,
        written_for: UUID,
        current: UUID | None,
        alone: Alone,
        by: UUID | None,
        at: datetime,
    ) -> UUID | None:
        """Find the customer a person is, or write them down; None as long as nothing is known of them.

        A returning customer is found and keeps their names as stored: what differs this time is kept in the
        application; new papers and telephones are added. The `current` customer is corrected in place as long as the
        application `written_for` is the only thing that refers to them. Others who share a number are recorded as
        possible duplicates.
        """
        described = description_of(person)
        if not described.keys and not (person.full_name_khmer or person.full_name_latin):
            return current
        await self._hold_keys(described.keys | await self._keys_of([current] if current else ()))
        own = await self._own(current, written_for, alone)
        if not described.keys and current and own is None:
            return current
        sharing = await Sharing(self.session).of(described, but=own.id if own else None)
        found = recognise(described, sharing)
        if found.customer_id:
            customer_id = found.customer_id
        elif own:
            customer_id = own.id
            await self._correct(own, person, at=at)
        else:
            customer_id = await self.written_down(person, written_for=written_for, at=at)
        kept = next((known.keys for known in sharing if known.customer_id == customer_id), frozenset())
        if (found.customer_id or own) and not described.keys <= kept:
            added = await self._add_numbers(customer_id, person, at=at)
            if found.customer_id and added:
                await self._grew(customer_id, added, by=by, at=at)
        await self.report(customer_id, found.others, by=by, at=at)
        return customer_id

    async def written_down(self, person: Described, *, written_for: UUID | None = None, at: datetime) -> UUID:
        """Write down a person who is not known yet."""
        customer = await self.create(
            Customer(
                **columns_of(person), branch_id=person.branch_id, written_for=written_for, created_at=at, updated_at=at
            )
        )
        paper, telephones = _numbers(customer.id, person, at=at)
        self.session.add_all([paper, *telephones] if paper else telephones)
        return customer.id

    async def forget(
        self, customer_id: UUID, *, written_for: UUID, taker: UUID | None = None, by: UUID | None, at: datetime
    ) -> None:
        """Remove a customer to whom nothing refers any more, if the application wrote them down.

        `taker` is the customer they turned out to be, if any; without one, a customer with an account stays.
        """
        theirs = (Customer.id == customer_id, Customer.written_for == written_for)
        if await self.session.scalar(select(Customer.id).where(*theirs).with_for_update()) is None:
            return
        accounts = Account.customer_id == customer_id
        if taker:
            await self.session.execute(update(Account).where(accounts).values(customer_id=taker))
        elif await self.session.scalar(select(exists().where(accounts))):
            return
        await self.session.execute(delete(Customer).where(*theirs).execution_options(synchronize_session=False))
        self.announce(
            CustomerForgotten(actor_id=by, at=at, customer_id=customer_id, written_for=written_for, into_id=taker)
        )

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

    async def is_of_another(self, account_id: str | None, customer_id: UUID | None) -> bool:
        """Whether an account is known to belong to another customer."""
        if account_id is None or customer_id is None:
            return False
        owner = await self.session.scalar(select(Account.customer_id).where(Account.account_id == account_id))
        return owner not in {None, customer_id}

    async def report(
        self, customer_id: UUID, others: Iterable[tuple[UUID, MatchedBy]], *, by: UUID | None, at: datetime
    ) -> None:
        """Record that people share a number with a customer and may be the same person; once for each pair."""
        found = [*others]
        if not found:
            return
        await self.session.flush()  # the customer may have been written down a moment ago
        wanted = {
            "customer": customer_id,
            "others": [other_id for other_id, _ in found],
            "ways": [matched_by.value for _, matched_by in found],
            "at": at,
        }
        for other_id, way in (await self.session.execute(_REPORT, wanted)).all():
            self.announce(
                PossibleDuplicateFound(
                    actor_id=by, at=at, customer_id=customer_id, other_id=other_id, matched_by=MatchedBy(way).value
                )
            )

    async def _keys_of(self, customer_ids: Iterable[UUID]) -> set[str]:
        """The numbers by which these customers are compared, as stored."""
        if not (ids := [*customer_ids]):
            return set()
        return {key for known in await Sharing(self.session).described(Customer.id.in_(ids)) for key in known.keys}

    async def _hold_keys(self, keys: Iterable[str]) -> None:
        if locks := sorted(_lock_of(key) for key in keys):
            await _HOLD.rows(self.session, locks=locks)

    async def _own(self, current: UUID | None, written_for: UUID, alone: Alone) -> Customer | None:
        """The current customer, if the application wrote them down and nothing else refers to them."""
        if current is None:
            return None
        customer = await self.session.get(Customer, current)
        mine = customer is not None and customer.written_for == written_for and customer.merged_into is None
        return customer if mine and await alone(current) else None

    async def _correct(self, customer: Customer, person: Described, *, at: datetime) -> None:
        """Write a customer anew, numbers included."""
        customer.change(columns_of(person), at=at)
        described = description_of(person)
        for numbers, kept in (
            (IdentityPaper, _shows(described.identity_keys)),
            (Telephone, _answers(described.phone_keys)),
        ):
            await self.session.execute(delete(numbers).where(numbers.customer_id == customer.id, not_(kept)))

    async def _grew(self, customer_id: UUID, fields: Collection[str], *, by: UUID | None, at: datetime) -> None:
        """Record that a loan brought a customer further numbers, and make a new version of the customer."""
        customer = await self.session.get_one(Customer, customer_id, with_for_update={"key_share": True})
        customer.updated_at = at
        flag_modified(customer, "updated_at")
        self.announce(CustomerChanged(actor_id=by, at=at, customer_id=customer_id, fields=tuple(sorted(fields))))

    async def _add_numbers(self, customer_id: UUID, person: Described, *, at: datetime) -> set[str]:
        """Add a person's paper and telephones to a customer who lacks them; the transaction holds their locks.

        Returns which of both were added.
        """
        # Search under every key: a row indexed with an older key would not collide with one under the newest.
        paper, telephones = _numbers(customer_id, person, at=at)
        added = set()
        if paper and not await self.session.scalar(
            select(IdentityPaper.id).where(IdentityPaper.customer_id == customer_id, _shows([paper.identity_key]))
        ):
            self.session.add(paper)
            added.add("identities")
        for telephone in telephones:
            theirs = select(Telephone.id).where(Telephone.customer_id == customer_id, _answers([telephone.phone_key]))
            if not await self.session.scalar(theirs):
                self.session.add(telephone)
                added.add("phones")
        return added


def _numbers(customer_id: UUID, person: Described, *, at: datetime) -> tuple[IdentityPaper | None, list[Telephone]]:
    """A person's paper and telephones as rows of a customer; None where no paper is known."""
    paper = None
    if key := identity_key(person.id_card_type, person.id_number):
        paper = IdentityPaper(
            customer_id=customer_id,
            id_card_type=kind_of(key),
            id_number=person.id_number,
            identity_index=blind(key, of="identity"),
            created_at=at,
        )
    telephones = [
        Telephone(customer_id=customer_id, phone=key, phone_index=blind(key, of="phone"), created_at=at)
        for key in sorted(phone_keys(person.phone))
    ]
    return paper, telephones


def _shows(keys: Iterable[str]) -> ColumnElement[bool]:
    """Match papers by type and number, as they are compared."""
    return found_by(IdentityPaper.identity_index, *keys, of="identity")


def _answers(keys: Iterable[str]) -> ColumnElement[bool]:
    """Match telephones by number, as they are compared."""
    return found_by(Telephone.phone_index, *keys, of="phone")


def _lock_of(key: str) -> int:
    """The number of the advisory lock for a key; two keys with one number merely wait for each other."""
    return int.from_bytes(blake2b(f"customer:{key}".encode(), digest_size=8).digest(), signed=True)


_HOLD: Final = Written(
    select(func.pg_advisory_xact_lock(column("lock"))).select_from(
        func.unnest(bindparam("locks", type_=ARRAY(BigInteger))).alias("lock")
    )
)
"""Takes the locks in the given order."""


def _report() -> ReturningInsert[UUID, MatchedBy]:
    """The statement that records pairs which are not recorded yet, in either direction, and returns them."""
    table = PossibleDuplicate.metadata.tables[PossibleDuplicate.__tablename__]
    customer = bindparam("customer", type_=Uuid)
    pair = (
        func.unnest(bindparam("others", type_=ARRAY(Uuid)), bindparam("ways", type_=ARRAY(String)))
        .table_valued(column("other_id", Uuid), column("matched_by", String))
        .render_derived()
    )
    known = table.alias()
    other_way_round = exists().where(
        known.c.customer_id == pair.c.other_id,
        known.c.other_id == customer,
        known.c.matched_by == pair.c.matched_by,
    )
    at = bindparam("at", type_=DateTime(timezone=True))
    pairs = select(func.gen_random_uuid(), customer, pair.c.other_id, pair.c.matched_by, at).where(~other_way_round)
    return (
        insert(table)
        .from_select(["id", "customer_id", "other_id", "matched_by", "found_at"], pairs, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(table.c.other_id, table.c.matched_by)
    )


_REPORT: Final = _report()
