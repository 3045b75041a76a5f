"""Customers at the counter: written down, changed, merged, and found to be different people."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.errors import Forbidden, Invalid, Missing
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.customers.access import CREATE, MERGE, UPDATE, reaches, visible_to
from lc_workflow.lending.customers.models import (
    Account,
    Customer,
    IdentityPaper,
    PossibleDuplicate,
    Telephone,
)
from lc_workflow.lending.customers.queries import Sharing
from lc_workflow.lending.customers.schemas import CustomerChange, IdentityWish, MergeRequest, NewCustomer
from lc_workflow.lending.customers.service import NAMES, TRAITS, CustomerService
from lc_workflow.lending.events import (
    CustomerChanged,
    CustomerMergedAway,
    CustomerRegistered,
    CustomersMerged,
    DuplicateDismissed,
)
from lc_workflow.lending.gazetteer.service import GazetteerService
from lc_workflow.lending.ports import LoanBook
from lc_workflow.lending.rules.matching import age_on, check_name, identity_key, read_identity_card
from lc_workflow.lending.rules.paper_days import check_days
from lc_workflow.lending.rules.recognising import Description, describe, recognise
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.phones import e164, phone_keys
from lc_workflow.platform.security.columns import blind
from lc_workflow.platform.security.personal import is_masked, masked, refuse_masked


class NameNeeded(Invalid):
    """A customer has a name, in Khmer or in Latin letters."""


class AlreadyCustomer(Invalid):
    """The person is written down already."""


class PaperWithoutNumber(Invalid):
    """A number has at least one letter or digit."""


class NotYourCustomer(Forbidden):
    """The customer belongs to another branch; seeing them does not mean being allowed to change them."""


class MergedAway(Invalid):
    """The customer was merged into another; there is nothing left to change here."""


class MergeIntoSelf(Invalid):
    """A customer cannot be merged into themselves."""


class CustomerRegistry(CustomerService):
    """Customers at the counter: written down, changed and merged, apart from any loan."""

    def __init__(self, session: AsyncSession, loan_book: LoanBook) -> None:
        """Open the service on the request's session; `loan_book` knows the loans that lead to customers."""
        super().__init__(session)
        self._loan_book = loan_book

    async def register(self, wish: NewCustomer, *, principal: Principal, at: datetime) -> UUID:
        """Write down a person who is not a customer yet.

        Raises:
            NameNeeded: They have no name.
            AlreadyCustomer: They have been written down before.
            NotYourCustomer: The person would not see them: their right reaches a branch, and they belong to none.
            MixedScripts, IdentityCardLength, CheckDigitWrong, NotAPhone, NotBornYet,
            PaperNotIssuedYet, PaperExpiredBeforeIssue,
            NoSuchCode, UnknownPlace: Something cannot be as it is written.
        """
        fields = _said(wish)
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
            found = recognise(described, await Sharing(self.session).of(described, but=None))
            if found.customer_id:
                raise _already(is_seen=await self._sees(found.customer_id, principal))
            customer = await self.create(Customer(**fields, branch_id=branch_id, created_at=at, updated_at=at))
            if not await self._sees(customer.id, principal):
                raise NotYourCustomer("You would not see this customer yourself; draft their application instead.")
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
            PaperNotIssuedYet, PaperExpiredBeforeIssue, NoSuchCode, UnknownPlace: Something cannot be as it is written.
        """
        fields = _said(wish)
        papers, phones = fields.pop("identities", None), fields.pop("phones", None)
        async with self.transaction():
            # The numbers are locked before the row, as loans do; the opposite order could deadlock.
            await self._hold_keys(await self._keys_of([customer_id]) | _keys_said(papers or (), phones or ()))
            customer = await self._mine(customer_id, UPDATE, principal)
            check_version(expected_version, customer.version)
            await self._check(fields, at=at)
            changed = {name for name, value in fields.items() if getattr(customer, name) != value}
            if await self._keep(customer.id, papers, phones, at=at):
                changed |= {name for name, kept in (("identities", papers), ("phones", phones)) if kept is not None}
            for name in changed & fields.keys():
                setattr(customer, name, fields[name])
            if not customer.name:
                raise NameNeeded("A customer keeps at least one name.")
            if changed:
                customer.updated_at, customer.written_for = at, None  # more is known now than a draft says
                flag_modified(customer, "updated_at")  # papers and telephones make a new version too
                await self.session.flush()
                (after,) = await Sharing(self.session).described(Customer.id == customer.id)
                found = recognise(after, await Sharing(self.session).of(after, but=customer.id))
                self.announce(
                    CustomerChanged(
                        actor_id=principal.id, at=at, customer_id=customer.id, fields=tuple(sorted(changed))
                    )
                )
                # Even a customer who is clearly the same person is only reported: merging is for people to decide.
                await self.report(customer.id, found.sharing, by=principal.id, at=at)

    async def merge(self, customer_id: UUID, wish: MergeRequest, *, principal: Principal, at: datetime) -> None:
        """Merge one customer into another: loans, guarantees, accounts and numbers move, and the row points here.

        Raises:
            Missing: One of the two does not exist, or the person may not see them.
            NotYourCustomer: One of them belongs to another branch.
            MergeIntoSelf: They are one row already.
            MergedAway: One of them was merged before.
        """
        if wish.customer_id == customer_id:
            raise MergeIntoSelf("Name two different customers.")
        async with self.transaction():
            await self._loan_book.hold(self.session, wish.customer_id)
            ids = sorted((customer_id, wish.customer_id))
            await self.hold(customer_ids=ids)
            both = {each: await self._mine(each, MERGE, principal) for each in ids}
            # Once more, for numbers they got while this waited: a draft could still find the merged customer by them.
            await self.hold(customer_ids=ids)
            taker, giver = both[customer_id], both[wish.customer_id]
            loans = await self._loan_book.hand_over(self.session, giver=giver.id, taker=taker.id)
            await self._move_belongings(giver.id, taker.id)
            for name in (*TRAITS, "branch_id"):
                if getattr(taker, name) is None:
                    setattr(taker, name, getattr(giver, name))
            taker.updated_at = giver.updated_at = at
            giver.merged_into, taker.written_for = taker.id, None
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
        """Record that two people who share a number are different people.

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

    async def _sees(self, customer_id: UUID, principal: Principal) -> bool:
        seen = exists().where(visible_to(principal, self._loan_book), Customer.id == customer_id)
        return bool(await self.session.scalar(select(seen)))

    async def _mine(self, customer_id: UUID, permission: str, principal: Principal) -> Customer:
        """Load and lock a customer whom the person may see and may do this with."""
        customer = await self.find(visible_to(principal, self._loan_book), id=customer_id, lock=True)
        if not reaches(principal, permission, customer):
            raise NotYourCustomer("You may do this for the customers of your own branch only.")
        if customer.merged_into:
            raise MergedAway(f"This customer turned out to be the customer {customer.merged_into}; go there.")
        return customer

    async def _check(self, fields: dict[str, Any], *, at: datetime) -> None:
        """Write names the way they are kept, and refuse what cannot be kept."""
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
        """Keep exactly these papers and telephones, where any are given; tell whether anything changed."""
        changed = False
        if papers is not None:
            changed |= await self._keep_papers(customer_id, papers, at=at)
        if phones is not None:
            changed |= await self._keep_phones(customer_id, phones, at=at)
        await self.session.flush()
        return changed

    async def _keep_papers(self, customer_id: UUID, papers: Sequence[IdentityWish], *, at: datetime) -> bool:
        rows = await self.session.scalars(select(IdentityPaper).where(IdentityPaper.customer_id == customer_id))
        standing = {row.identity_key: row for row in rows}
        left = list(standing.values())
        meant = [_meant(paper, left) for paper in papers]
        today = at.astimezone(PHNOM_PENH).date()
        wanted = {_key_of(paper, standing, today=today): paper for paper in meant}
        gone = standing.keys() - wanted.keys()
        for key in gone:
            await self.session.delete(standing[key])
        changed = bool(gone)
        for key, paper in wanted.items():
            row = standing.get(key) or IdentityPaper(
                customer_id=customer_id, identity_index=blind(key, of="identity"), created_at=at
            )
            for name, value in given(paper).items():
                if getattr(row, name) != value:
                    setattr(row, name, value)
                    changed = True
            self.session.add(row)
        return changed

    async def _keep_phones(self, customer_id: UUID, phones: Sequence[str], *, at: datetime) -> bool:
        rows = await self.session.scalars(select(Telephone).where(Telephone.customer_id == customer_id))
        standing = {row.phone_key: row for row in rows}
        kept = {key for key in standing if key in phones or masked(key) in phones}
        shown_masked = {masked(key) for key in kept}
        wanted = kept | {e164(phone) for phone in phones if phone not in kept | shown_masked}
        for key in standing.keys() - wanted:
            await self.session.delete(standing[key])
        for key in wanted - standing.keys():
            index = blind(key, of="phone")
            self.session.add(Telephone(customer_id=customer_id, phone=key, phone_index=index, created_at=at))
        return standing.keys() != wanted

    async def _move_belongings(self, giver: UUID, taker: UUID) -> None:
        """Move accounts, papers, telephones and findings; what the taker has already stays the taker's."""
        await self.session.execute(update(Account).where(Account.customer_id == giver).values(customer_id=taker))
        for kind, key in ((IdentityPaper, IdentityPaper.identity_index), (Telephone, Telephone.phone_index)):
            theirs = select(key).where(kind.customer_id == taker)
            await self.session.execute(
                update(kind)
                .where(kind.customer_id == giver, key.not_in(theirs))
                .values(customer_id=taker)
                .execution_options(synchronize_session=False)
            )
            await self.session.execute(delete(kind).where(kind.customer_id == giver))
        await self._move_findings(giver, taker)

    async def _move_findings(self, giver: UUID, taker: UUID) -> None:
        """Make the giver's findings the taker's; one that the taker has already, or of the two themselves, goes."""
        mine, other = PossibleDuplicate.customer_id, PossibleDuplicate.other_id
        both = giver, taker
        found = await self.session.scalars(select(PossibleDuplicate).where(or_(mine.in_(both), other.in_(both))))
        rows = found.all()
        moving = [row for row in rows if giver in {row.customer_id, row.other_id}]
        theirs = [row for row in rows if giver not in {row.customer_id, row.other_id}]
        known = {(frozenset({row.customer_id, row.other_id}), row.matched_by) for row in theirs}
        for row in moving:
            pair = tuple(taker if each == giver else each for each in (row.customer_id, row.other_id))
            finding = frozenset(pair), row.matched_by
            if pair[0] == pair[1] or finding in known:
                await self.session.delete(row)
            else:
                row.customer_id, row.other_id = pair
                known.add(finding)
        await self.session.flush()


def _already(*, is_seen: bool) -> AlreadyCustomer:
    """Tell somebody who would write a customer down again how to find them."""
    if is_seen:
        return AlreadyCustomer("This person is a customer already; search for their number.")
    return AlreadyCustomer(
        "This person is a customer of another branch already; draft their application, and it is theirs."
    )


def _said(wish: CustomerChange) -> dict[str, Any]:
    """The fields a wish carries; null empties a list, as it clears any other field."""
    return {
        name: [] if value is None and name in {"identities", "phones"} else value for name, value in given(wish).items()
    }


def _described(fields: dict[str, Any], papers: Sequence[IdentityWish], phones: Sequence[str]) -> Description:
    """Describe somebody who is being written down."""
    return describe(
        khmer=fields.get("full_name_khmer"),
        latin=fields.get("full_name_latin"),
        born=fields.get("date_of_birth"),
        identities=[(paper.id_card_type, paper.id_number) for paper in papers],
        phone_keys=[e164(phone) for phone in phones],
    )


def _keys_said(papers: Iterable[IdentityWish], phones: Iterable[str]) -> set[str]:
    """The keys that somebody would be found by with these numbers; unreadable numbers have none."""
    keys = (identity_key(paper.id_card_type, paper.id_number) for paper in papers)
    return {key for key in keys if key} | phone_keys(*phones)


def _meant(paper: IdentityWish, left: list[IdentityPaper]) -> IdentityWish:
    """Put the stored number in place of the masked one that was sent back; each paper is used once.

    Raises:
        MaskedNumber: No paper that is left is shown like this.
    """
    if not is_masked(paper.id_number):
        return paper
    shown = (paper.id_card_type, paper.id_number)
    row = next((row for row in left if (row.id_card_type, masked(row.id_number)) == shown), None)
    if row is None:
        refuse_masked({"id_number": paper.id_number}, ["id_number"])
        return paper
    left.remove(row)
    return replace(paper, id_number=row.id_number)


def _key_of(paper: IdentityWish, standing: Collection[str], *, today: date) -> str:
    """The key of a paper shown at the counter; a new one is checked more strictly than on a form."""
    key = identity_key(paper.id_card_type, paper.id_number)
    if key is None:
        raise PaperWithoutNumber("Write the number of the identity paper.")
    if paper.id_card_type is IdCardType.CAMBODIAN_IDENTITY and key not in standing:
        read_identity_card(paper.id_number)
    check_days(paper.issued_on, paper.expires_on, today=today)
    return key
