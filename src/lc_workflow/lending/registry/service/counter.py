"""Customers at the counter: written down and changed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.customers.access import CREATE, UPDATE
from lc_workflow.lending.customers.models import (
    Customer,
    IdentityPaper,
    Telephone,
)
from lc_workflow.lending.customers.queries import Sharing
from lc_workflow.lending.customers.schemas import CustomerChange, IdentityWish, NewCustomer
from lc_workflow.lending.events import (
    CustomerChanged,
    CustomerRegistered,
)
from lc_workflow.lending.gazetteer.service import GazetteerService
from lc_workflow.lending.registry.service.reach import CustomersInReach, NotYourCustomer
from lc_workflow.lending.rules.matching import NAMES, check_person, identity_key, read_identity_card
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


class CustomerRegistry(CustomersInReach):
    """Customers at the counter: written down and changed, apart from any loan."""

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
            customer = await self._locked(customer_id, UPDATE, principal)
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

    async def _check(self, fields: dict[str, Any], *, at: datetime) -> None:
        """Write names the way they are kept, and refuse what cannot be kept."""
        check_person(fields, today=local_day(at))
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
        today = local_day(at)
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
