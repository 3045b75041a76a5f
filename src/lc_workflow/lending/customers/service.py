"""Finding or writing down the one row of a person, and keeping papers, telephones and accounts theirs."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.errors import Forbidden, Invalid, Missing
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.customers.access import CREATE, MERGE, UPDATE, reaches, visible_to
from lc_workflow.lending.customers.models import (
    WITH_NUMBERS,
    Account,
    Customer,
    IdentityPaper,
    PossibleDuplicate,
    Telephone,
)
from lc_workflow.lending.customers.schemas import CustomerChange, IdentityWish, MergeRequest, NewCustomer
from lc_workflow.lending.events import (
    CustomerChanged,
    CustomerMergedAway,
    CustomerRegistered,
    CustomersMerged,
    DuplicateDismissed,
    PossibleDuplicateFound,
)
from lc_workflow.lending.gazetteer.service import GazetteerService
from lc_workflow.lending.ports import LoanBook
from lc_workflow.lending.rules.matching import age_on, check_name, identity_key, read_identity_card
from lc_workflow.lending.rules.recognising import Description, Known, MatchedBy, describe, recognise
from lc_workflow.lending.rules.terms import IdCardType, MaritalStatus, Sex
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.phones import e164, phone_key
from lc_workflow.platform.service import Service

MOST_SHARING: Final = 50
"""With how many people a number is compared; a number that more have, such as a village chief's, tells nothing."""

NAMES: Final = ("full_name_khmer", "full_name_latin")
TRAITS: Final = (
    *NAMES,
    "date_of_birth",
    "sex",
    "marital_status",
    "current_address",
    "province",
    "district",
    "commune",
    "village",
    "place_code",
)
"""What a customer's row says about the person."""

Alone = Callable[[UUID], Awaitable[bool]]
"""Answers whether nothing but the application at hand refers to a customer."""


class AccountOfAnother(Invalid):
    """The account id belongs to another customer (lending.md §5)."""


class NameNeeded(Invalid):
    """A customer has a name, in Khmer or in Latin letters."""


class AlreadyCustomer(Invalid):
    """The person is written down already."""


class PaperExpiredBeforeIssue(Invalid):
    """An identity paper cannot expire before it is issued."""


class PaperWithoutNumber(Invalid):
    """A number has at least one letter or digit."""


class NotYourCustomer(Forbidden):
    """The customer belongs to another branch; seeing them does not mean changing them."""


class MergedAway(Invalid):
    """The customer turned out to be somebody else; there is nothing to change about the pointer."""


class MergeIntoSelf(Invalid):
    """A customer is already who they are."""


class Described(Protocol):
    """A person as an application describes them: `id_number` and `phone` as they were written."""

    id_card_type: IdCardType | None
    id_number: str | None
    full_name_khmer: str | None
    full_name_latin: str | None
    phone: str | None
    date_of_birth: date | None
    sex: Sex | None
    marital_status: MaritalStatus | None
    current_address: str | None
    province: str | None
    district: str | None
    commune: str | None
    village: str | None
    place_code: str | None
    branch_id: UUID | None


@dataclass(kw_only=True)
class Person:
    """A person of whom less is known than of a borrower, such as a guarantor."""

    id_card_type: IdCardType | None = None
    id_number: str | None = None
    full_name_khmer: str | None = None
    full_name_latin: str | None = None
    phone: str | None = None
    date_of_birth: date | None = None
    sex: Sex | None = None
    marital_status: MaritalStatus | None = None
    current_address: str | None = None
    province: str | None = None
    district: str | None = None
    commune: str | None = None
    village: str | None = None
    place_code: str | None = None
    branch_id: UUID | None = None


class CustomerService(Service[Customer]):
    """The people who borrow; its verbs work inside the caller's transaction."""

    class Repo(SQLAlchemyAsyncRepository[Customer]):
        """Customers as rows."""

        model_type = Customer

    repository_type = Repo
    noun = "customer"

    async def hold(self, persons: Iterable[Described] = (), customer_ids: Iterable[UUID] = ()) -> None:
        """Wait until nobody else is finding or writing down one of these, and keep others waiting until the end.

        Two tellers who meet one new person at once so write one row. Whoever works on several people holds all of
        them in one call, because two who held them one by one could wait for each other for ever.
        """
        keys = {key for person in persons for key in description_of(person).keys}
        if ids := list(customer_ids):
            keys |= {key for known in await self.described(Customer.id.in_(ids)) for key in known.keys}
        await self._hold_keys(keys)

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

        A returning customer's row is found and its names are left as they are: what differs this time stands in the
        application; new papers and telephones are added. The `current` customer is corrected in place as long as
        the application `written_for` is the only thing that refers to them. Whoever shares a number without being
        the person is put on record as a possible duplicate.
        """
        described = description_of(person)
        if not described.keys and not (person.full_name_khmer or person.full_name_latin):
            return current
        await self.hold([person], [current] if current else ())
        own = await self._own(current, written_for, alone)
        if not described.keys and current and own is None:
            return current
        found = recognise(described, await self._sharing(described, but=own.id if own else None))
        if found.customer_id:
            customer_id = found.customer_id
        elif own:
            customer_id = own.id
            await self._correct(own, person, at=at)
        else:
            customer_id = await self.written_down(person, written_for=written_for, at=at)
        if found.customer_id or own:
            await self._add_numbers(customer_id, person, at=at)
        await self.report(customer_id, found.others, by=by, at=at)
        return customer_id

    async def written_down(self, person: Described, *, written_for: UUID | None = None, at: datetime) -> UUID:
        """Write down a person who is not known yet."""
        customer = await self.create(
            Customer(
                **_about(person), branch_id=person.branch_id, written_for=written_for, created_at=at, updated_at=at
            )
        )
        await self._add_numbers(customer.id, person, at=at)
        return customer.id

    async def forget(self, customer_id: UUID, *, written_for: UUID, taker: UUID) -> None:
        """Remove a customer whom nothing refers to any more and whom the application wrote down: they are `taker`."""
        await self.session.execute(update(Account).where(Account.customer_id == customer_id).values(customer_id=taker))
        await self.session.execute(
            delete(Customer)
            .where(Customer.id == customer_id, Customer.written_for == written_for)
            .execution_options(synchronize_session=False)
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

    async def report(
        self, customer_id: UUID, others: Iterable[tuple[UUID, MatchedBy]], *, by: UUID | None, at: datetime
    ) -> None:
        """Put on record that people share a number with a customer and may be them; once for each pair."""
        for other_id, matched_by in others:
            pair = (PossibleDuplicate.customer_id == other_id) & (PossibleDuplicate.other_id == customer_id)
            if await self.session.scalar(
                select(PossibleDuplicate.id).where(pair, PossibleDuplicate.matched_by == matched_by)
            ):
                continue
            written = await self.session.scalar(
                insert(PossibleDuplicate)
                .values(id=uuid4(), customer_id=customer_id, other_id=other_id, matched_by=matched_by, found_at=at)
                .on_conflict_do_nothing()
                .returning(PossibleDuplicate.id)
            )
            if written:
                self.announce(
                    PossibleDuplicateFound(
                        actor_id=by, at=at, customer_id=customer_id, other_id=other_id, matched_by=matched_by.value
                    )
                )

    async def described(self, *where: Any) -> list[Known]:  # noqa: ANN401 - SQL conditions
        """Describe the customers who meet some conditions, the way people are compared."""
        rows = await self.session.scalars(
            select(Customer)
            .where(*where)
            .order_by(Customer.created_at, Customer.id)
            .limit(MOST_SHARING)
            .options(*WITH_NUMBERS)
            .execution_options(populate_existing=True)
        )
        return [_known(row) for row in rows]

    async def _hold_keys(self, keys: Iterable[str]) -> None:
        for lock in sorted(_lock_of(key) for key in keys):
            await self.session.execute(select(func.pg_advisory_xact_lock(lock)))

    async def _sharing(self, described: Description, *, but: UUID | None) -> list[Known]:
        """Describe those who share a number with somebody."""
        papers = select(IdentityPaper.customer_id).where(IdentityPaper.identity_key.in_(described.identity_keys))
        phones = select(Telephone.customer_id).where(Telephone.phone_key.in_(described.phone_keys))
        where = [Customer.merged_into.is_(None), or_(Customer.id.in_(papers), Customer.id.in_(phones))]
        return await self.described(*where, *([Customer.id != but] if but else []))

    async def _own(self, current: UUID | None, written_for: UUID, alone: Alone) -> Customer | None:
        """The current customer, if the application wrote them down and nothing else refers to them."""
        if current is None:
            return None
        customer = await self.session.get(Customer, current)
        mine = customer is not None and customer.written_for == written_for and customer.merged_into is None
        return customer if mine and await alone(current) else None

    async def _correct(self, customer: Customer, person: Described, *, at: datetime) -> None:
        """Write a customer down anew, numbers included."""
        for name, value in _about(person).items():
            setattr(customer, name, value)
        customer.updated_at = at
        keys = description_of(person).keys
        for numbers, key in ((IdentityPaper, IdentityPaper.identity_key), (Telephone, Telephone.phone_key)):
            await self.session.execute(delete(numbers).where(numbers.customer_id == customer.id, key.not_in(keys)))

    async def _add_numbers(self, customer_id: UUID, person: Described, *, at: datetime) -> None:
        """Add the paper and the telephone of a person to a customer who does not have them yet."""
        if key := identity_key(person.id_card_type, person.id_number):
            paper = {"id_card_type": person.id_card_type or IdCardType.OTHER, "id_number": person.id_number}
            await self.session.execute(
                insert(IdentityPaper)
                .values(id=uuid4(), customer_id=customer_id, identity_key=key, created_at=at, **paper)
                .on_conflict_do_nothing()
            )
        if key := phone_key(person.phone):
            await self.session.execute(
                insert(Telephone)
                .values(id=uuid4(), customer_id=customer_id, phone=person.phone, phone_key=key, created_at=at)
                .on_conflict_do_nothing()
            )


class CustomerRegistry(CustomerService):
    """Customers as people at the counter look after them: written down, changed and merged for their own sake."""

    def __init__(self, session: AsyncSession, loan_book: LoanBook) -> None:
        """Open the service on the request's session; `loan_book` knows the loans that lead to customers."""
        super().__init__(session)
        self._loan_book = loan_book

    async def register(self, wish: NewCustomer, *, principal: Principal, at: datetime) -> UUID:
        """Write somebody down who is not a customer yet.

        Raises:
            NameNeeded: They have no name.
            AlreadyCustomer: They have been written down before.
            MixedScripts, IdentityCardLength, CheckDigitWrong, NotAPhone, NotBornYet, PaperExpiredBeforeIssue,
            NoSuchCode, UnknownPlace: Something cannot be as it is written.
        """
        fields = given(wish)
        anywhere = principal.scope_of(CREATE) is Scope.ALL
        asked_branch = fields.pop("branch_id")
        branch_id = asked_branch or principal.branch_id if anywhere else principal.branch_id
        papers, phones = fields.pop("identities", []), fields.pop("phones", [])
        async with self.transaction():
            await self._check(fields, at=at)
            if not any(fields.get(name) for name in NAMES):
                raise NameNeeded("Write the customer's name, in Khmer or in Latin letters.")
            described = _described(fields, papers, phones)
            await self._hold_keys(described.keys)
            found = recognise(described, await self._sharing(described, but=None))
            if found.customer_id:
                raise AlreadyCustomer("This person is a customer already; search for their number.")
            customer = await self.create(Customer(**fields, branch_id=branch_id, created_at=at, updated_at=at))
            await self._keep(customer.id, papers, phones, at=at)
            self.announce(CustomerRegistered(actor_id=principal.id, at=at, customer_id=customer.id))
            await self.report(customer.id, found.others, by=principal.id, at=at)
        return customer.id

    async def change(
        self,
        customer_id: UUID,
        wish: CustomerChange,
        *,
        expected_version: int | None,
        principal: Principal,
        at: datetime,
    ) -> None:
        """Change what the wish names; lists of papers and telephones are kept as given.

        Raises:
            Missing: There is no such customer, or the person may not see them.
            NotYourCustomer: They belong to another branch.
            MergedAway: They turned out to be somebody else.
            StaleVersion: They were changed since the person read it.
            NameNeeded, MixedScripts, IdentityCardLength, CheckDigitWrong, NotAPhone, NotBornYet,
            PaperExpiredBeforeIssue, NoSuchCode, UnknownPlace: Something cannot be as it is written.
        """
        fields = given(wish)
        papers, phones = fields.pop("identities", None), fields.pop("phones", None)
        async with self.transaction():
            customer = await self._mine(customer_id, UPDATE, principal)
            check_version(expected_version, customer.version)
            await self._check(fields, at=at)
            (before,) = await self.described(Customer.id == customer.id)
            changed = {name for name, value in fields.items() if getattr(customer, name) != value}
            if await self._keep(customer.id, papers, phones, at=at):
                changed |= {name for name, kept in (("identities", papers), ("phones", phones)) if kept is not None}
            for name in changed & fields.keys():
                setattr(customer, name, fields[name])
            if not customer.name:
                raise NameNeeded("A customer keeps at least one name.")
            if changed:
                customer.updated_at = at
                flag_modified(customer, "updated_at")  # papers and telephones make a new version too
                await self.session.flush()
                (after,) = await self.described(Customer.id == customer.id)
                await self._hold_keys(before.keys | after.keys)
                found = recognise(after, await self._sharing(after, but=customer.id))
                self.announce(
                    CustomerChanged(
                        actor_id=principal.id, at=at, customer_id=customer.id, fields=tuple(sorted(changed))
                    )
                )
                # Whoever is the same by every sign is reported too: only people merge people.
                same = (
                    [(found.customer_id, MatchedBy.IDENTITY if after.identity_keys else MatchedBy.PHONE)]
                    if found.customer_id
                    else []
                )
                await self.report(customer.id, [*same, *found.others], by=principal.id, at=at)

    async def merge(self, customer_id: UUID, wish: MergeRequest, *, principal: Principal, at: datetime) -> None:
        """Make two rows of one person one: loans, guarantees, accounts and numbers move, and the other row points here.

        Raises:
            Missing: One of the two does not exist, or the person may not see them.
            NotYourCustomer: One of them belongs to another branch.
            MergeIntoSelf: They are one row already.
            MergedAway: One of them was merged before.
        """
        if wish.customer_id == customer_id:
            raise MergeIntoSelf("Name two different customers.")
        async with self.transaction():
            ids = sorted((customer_id, wish.customer_id))
            await self.hold(customer_ids=ids)
            both = {each: await self._mine(each, MERGE, principal) for each in ids}
            taker, giver = both[customer_id], both[wish.customer_id]
            loans = await self._loan_book.hand_over(self.session, giver=giver.id, taker=taker.id)
            await self._move_belongings(giver.id, taker.id)
            for name in TRAITS:
                if getattr(taker, name) is None:
                    setattr(taker, name, getattr(giver, name))
            taker.updated_at = giver.updated_at = at
            giver.merged_into = taker.id
            flag_modified(taker, "updated_at")
            await self.session.execute(
                update(Customer).where(Customer.merged_into == giver.id).values(merged_into=taker.id)
            )
            self.announce(
                CustomersMerged(
                    actor_id=principal.id,
                    at=at,
                    customer_id=taker.id,
                    merged_id=giver.id,
                    application_ids=loans,
                    reason=wish.reason,
                )
            )
            self.announce(
                CustomerMergedAway(
                    actor_id=principal.id, at=at, customer_id=giver.id, into_id=taker.id, reason=wish.reason
                )
            )

    async def dismiss(self, customer_id: UUID, duplicate_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Put on record that two people who share a number are two.

        Raises:
            Missing: There is no such customer or finding, or the person may not see it.
            NotYourCustomer: The customer belongs to another branch.
            MergedAway: The customer turned out to be somebody else.
        """
        async with self.transaction():
            customer = await self._mine(customer_id, MERGE, principal)
            finding = await self.session.get(PossibleDuplicate, duplicate_id, with_for_update=True)
            if finding is None or customer.id not in {finding.customer_id, finding.other_id}:
                raise Missing("There is no such finding about this customer.")
            if finding.dismissed_at is None:
                finding.dismissed_at, finding.dismissed_by = at, principal.id
                self.announce(
                    DuplicateDismissed(
                        actor_id=principal.id,
                        at=at,
                        customer_id=customer.id,
                        other_id=finding.other_id if finding.customer_id == customer.id else finding.customer_id,
                    )
                )

    async def _mine(self, customer_id: UUID, permission: str, principal: Principal) -> Customer:
        """Load and lock a customer the person may see and may do this with."""
        customer = await self.find(visible_to(principal, self._loan_book), id=customer_id, lock=True)
        if not reaches(principal, permission, customer):
            raise NotYourCustomer("You may do this for the customers of your own branch only.")
        if customer.merged_into:
            raise MergedAway(f"This customer turned out to be the customer {customer.merged_into}; go there.")
        return customer

    async def _check(self, fields: dict[str, Any], *, at: datetime) -> None:
        """Write names the way they are kept, and refuse what cannot be."""
        for name in NAMES:
            if fields.get(name):
                fields[name] = check_name(fields[name], field=name) or None
        if born := fields.get("date_of_birth"):
            age_on(born, at.astimezone(PHNOM_PENH).date())
        if code := fields.get("place_code"):
            await GazetteerService(self.session).check(code)

    async def _keep(
        self,
        customer_id: UUID,
        papers: Sequence[IdentityWish] | None,
        phones: Sequence[str] | None,
        *,
        at: datetime,
    ) -> bool:
        """Keep exactly these papers and telephones, None leaves them as they are; tell whether anything changed."""
        changed = False
        if papers is not None:
            standing = {
                row.identity_key: row
                for row in await self.session.scalars(
                    select(IdentityPaper).where(IdentityPaper.customer_id == customer_id)
                )
            }
            wanted = {_key_of(paper, standing): paper for paper in papers}
            for key in standing.keys() - wanted.keys():
                await self.session.delete(standing[key])
                changed = True
            for key, paper in wanted.items():
                row = standing.get(key) or IdentityPaper(customer_id=customer_id, identity_key=key, created_at=at)
                for name, value in given(paper).items():
                    if getattr(row, name) != value:
                        setattr(row, name, value)
                        changed = True
                self.session.add(row)
        if phones is not None:
            lines = {
                row.phone_key: row
                for row in await self.session.scalars(select(Telephone).where(Telephone.customer_id == customer_id))
            }
            numbers = {phone if phone in lines else e164(phone) for phone in phones}
            for key in lines.keys() - numbers:
                await self.session.delete(lines[key])
                changed = True
            for key in numbers - lines.keys():
                self.session.add(Telephone(customer_id=customer_id, phone=key, phone_key=key, created_at=at))
                changed = True
        await self.session.flush()
        return changed

    async def _move_belongings(self, giver: UUID, taker: UUID) -> None:
        """Move accounts, papers, telephones and findings; what the taker has already stays the taker's."""
        await self.session.execute(update(Account).where(Account.customer_id == giver).values(customer_id=taker))
        for kind, key in ((IdentityPaper, IdentityPaper.identity_key), (Telephone, Telephone.phone_key)):
            theirs = select(key).where(kind.customer_id == taker)
            await self.session.execute(
                update(kind)
                .where(kind.customer_id == giver, key.not_in(theirs))
                .values(customer_id=taker)
                .execution_options(synchronize_session=False)
            )
            await self.session.execute(delete(kind).where(kind.customer_id == giver))
        mine, other = PossibleDuplicate.customer_id, PossibleDuplicate.other_id
        rows = list(
            await self.session.scalars(
                select(PossibleDuplicate).where(or_(mine.in_((giver, taker)), other.in_((giver, taker))))
            )
        )
        kept = {
            (row.customer_id, row.other_id, row.matched_by)
            for row in rows
            if giver not in (row.customer_id, row.other_id)
        }
        for row in rows:
            if giver not in {row.customer_id, row.other_id}:
                continue
            pair = tuple(taker if each == giver else each for each in (row.customer_id, row.other_id))
            told = (*pair, row.matched_by)
            if pair[0] == pair[1] or told in kept or (pair[1], pair[0], row.matched_by) in kept:
                await self.session.delete(row)
            else:
                row.customer_id, row.other_id = pair
                kept.add(told)  # type: ignore[arg-type]
        await self.session.flush()


def person_with(described: Described, changes: Mapping[str, Any]) -> Person:
    """The person an application describes once these changes are made."""
    names = [field.name for field in dataclass_fields(Person)]
    return Person(**{name: changes.get(name, getattr(described, name)) for name in names})


def description_of(person: Described) -> Description:
    """Describe a person the way people are compared."""
    return describe(
        khmer=person.full_name_khmer,
        latin=person.full_name_latin,
        born=person.date_of_birth,
        identities=[(person.id_card_type, person.id_number)],
        phone_keys=[phone_key(person.phone)],
    )


def paper_kind(number: str | None) -> IdCardType | None:
    """Guess the kind of a paper of which the number alone is known: nine digits are an identity card's."""
    with suppress(Invalid):
        read_identity_card(number or "")
        return IdCardType.CAMBODIAN_IDENTITY
    return None


def _about(person: Described) -> dict[str, Any]:
    """What a customer's row says about the person; numbers are rows of their own."""
    return {name: getattr(person, name) for name in TRAITS}


def _known(customer: Customer) -> Known:
    described = describe(
        khmer=customer.full_name_khmer,
        latin=customer.full_name_latin,
        born=customer.date_of_birth,
        identities=(),
        phone_keys=customer.phones,
    )
    return Known(
        customer_id=customer.id,
        traits=described.traits,
        identity_keys=frozenset(paper.identity_key for paper in customer.identities),
        phone_keys=described.phone_keys,
    )


def _lock_of(key: str) -> int:
    """The number of the advisory lock that stands for a key; two keys that share one only wait for each other."""
    return int.from_bytes(blake2b(f"customer:{key}".encode(), digest_size=8).digest(), signed=True)


def _described(fields: dict[str, Any], papers: Sequence[IdentityWish], phones: Sequence[str]) -> Description:
    """Describe somebody who is being written down."""
    return describe(
        khmer=fields.get("full_name_khmer"),
        latin=fields.get("full_name_latin"),
        born=fields.get("date_of_birth"),
        identities=[(paper.id_card_type, paper.id_number) for paper in papers],
        phone_keys=[e164(phone) for phone in phones],
    )


def _key_of(paper: IdentityWish, standing: Collection[str]) -> str:
    """The key of a paper that is shown at the counter: a new one is looked at more closely than a form is."""
    key = identity_key(paper.id_card_type, paper.id_number)
    if key is None:
        raise PaperWithoutNumber("Write the number of the identity paper.")
    if paper.id_card_type is IdCardType.CAMBODIAN_IDENTITY and key not in standing:
        read_identity_card(paper.id_number)
    if paper.issued_on and paper.expires_on and paper.expires_on < paper.issued_on:
        raise PaperExpiredBeforeIssue("An identity paper expires after it is issued; look at the two days again.")
    return key
