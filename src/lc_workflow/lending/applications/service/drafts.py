"""Drafting, changing and throwing away applications."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File, Folder
from lc_workflow.documents.library.service import clear_away, removal_of
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.access import (
    CREATE,
    DELETE,
    permissions_for,
    visible_to,
)
from lc_workflow.lending.applications.models import BACKED, CustomerApplication
from lc_workflow.lending.applications.schemas import NUMBERS, PHONES, ApplicationChange, NewApplication
from lc_workflow.lending.applications.service.accounts import give_up_account
from lc_workflow.lending.applications.service.looking_after import LookingAfterService
from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.backing.service import BackingService, person_of
from lc_workflow.lending.customers.service import CustomerService, Described, Person, paper_kind, person_with
from lc_workflow.lending.events import ApplicationChanged, ApplicationDrafted, ApplicationRemoved
from lc_workflow.lending.gazetteer.service import GazetteerService
from lc_workflow.lending.products.service import ProductService
from lc_workflow.lending.rules.backing import BACKING_FIELDS, says_something
from lc_workflow.lending.rules.editing import check_edit, is_material
from lc_workflow.lending.rules.loan_terms import UNSAID
from lc_workflow.lending.rules.matching import NAMES, account_as_kept, check_person
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.organization.employees.queries import check_in_use
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.journal.models import JournalThread
from lc_workflow.platform.phones import check_phones
from lc_workflow.platform.security.personal import refuse_masked, without_masked
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore


class NotADraft(Invalid):
    """Only a draft that was never submitted can be thrown away; everything else stays on record."""


class NotYourDraft(Forbidden):
    """The draft belongs to somebody else."""


class IdTaken(Invalid):
    """The id that a client made for a new application is in use."""

    def __init__(self) -> None:
        """Say no more than that: what it stands for may be somebody else's."""
        super().__init__("This id is taken; make a new one.", errors=(FieldError("id", "is taken"),))


class NoSuchProduct(Invalid):
    """An application names a product that does not exist."""


_EMPTY: Final[dict[str, Any]] = {
    "existing_loans": [],
    "loan_purposes": [],
    "currency": Currency.USD,
    "priority_level": Priority.NORMAL,
    "account_id_validated": False,
}


class ApplicationService(Service[CustomerApplication]):
    """The applications a person may see."""

    noun = "application"

    def __init__(self, session: AsyncSession, *, store: ObjectStore) -> None:
        """Open the service on the request's session; `store` keeps the papers."""
        super().__init__(session)
        self._customers = CustomerService(session)
        self._products = ProductService(session)
        self.backing = BackingService(session, customers=self._customers)
        self.looking_after = LookingAfterService(session)
        self._store = store

    async def draft(self, wish: NewApplication, *, principal: Principal, at: datetime) -> CustomerApplication:
        """Begin an application, with its customer and the employees who look after it.

        If its officer works for all branches and names none, the application belongs to these employees' branch.

        Raises:
            IdTaken: The id it was given stands for something already.
            NoSuchEmployee, EmployeeRetired, EmployeeOfAnotherBranch: An assignment cannot be made.
            NoSuchProduct, ProductNotOffered, NotInUse: No loans are made of the product, or in the branch, now.
            MixedScripts, NotAPhone, NotBornYet, NoSuchCode, UnknownPlace, MaskedNumber: It cannot be written so.
        """
        fields = _EMPTY | _said(wish)
        refuse_masked(fields, NUMBERS)
        assignments = fields.pop("employee_assignments", [])
        asked_branch, made_id = fields.pop("branch_id"), fields.pop("id")
        anywhere = principal.scope_of(CREATE) is Scope.ALL
        branch_id = asked_branch or principal.branch_id if anywhere else principal.branch_id
        async with self.transaction():
            if made_id and await self.session.get(JournalThread, made_id):
                raise IdTaken
            await self._check(fields, at=at)
            check_phones(fields, *PHONES)
            behind = {name: fields.pop(name) for name in BACKING_FIELDS & fields.keys()}
            if anywhere and branch_id is None and assignments:
                branch_id = await self.looking_after.branch_of(assignments)
            application = CustomerApplication(
                id=made_id or uuid4(),
                **fields,
                user_id=principal.id,
                branch_id=branch_id,
                preparers=[principal.id],
                cycle=1,
                created_at=at,
            )
            await check_in_use(self.session, branch_id=application.branch_id)
            application.stand_at(Stage.PO_CREATED, by=principal.id, at=at)
            application.product_version_id = await self._version_of(application)
            if behind:
                await self._hold(application, behind)
            await self._know_the_borrower(application, application, by=principal.id, at=at)
            self.session.add(application)
            await self.session.flush()
            await self._back(application, behind, by=principal.id, at=at)
            self.announce(
                ApplicationDrafted(
                    actor_id=principal.id, at=at, application_id=application.id, customer_id=application.customer_id
                )
            )
            if assignments:
                await self.looking_after.look_after(application, assignments, by=principal.id, at=at)
        return application

    async def change(
        self,
        application_id: UUID,
        wish: ApplicationChange,
        *,
        expected_version: int | None,
        principal: Principal,
        at: datetime,
    ) -> CustomerApplication:
        """Change the fields that the wish names and that differ; an edit never moves the workflow.

        A number that is sent masked, as it was shown, stays as it is.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: The fields are closed where it stands, or for this person.
            NoSuchProduct, ProductNotOffered: No loans are made of the product now.
            MixedScripts, NotAPhone, NotBornYet, NoSuchCode, UnknownPlace: Something cannot be as it is written.
        """
        fields = without_masked(_said(wish), NUMBERS)
        assignments = fields.pop("employee_assignments", None)
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, load=list(BACKED), lock=True)
            check_version(expected_version, application.version)
            await self._check(fields, at=at)
            changed = {name: value for name, value in fields.items() if getattr(application, name) != value}
            if assignments is not None and await self.looking_after.is_done_by(application.id, assignments):
                assignments = None
            if changed or assignments is not None:
                check_edit(changed, application.workflow_status, permissions=permissions_for(principal, application))
            if changed:
                await self._take_over(application, changed, by=principal.id, at=at)
                if "portfolio_officer_name" in changed and assignments is None:
                    await self.looking_after.forget_the_name(application, by=principal.id, at=at)
                self.touch(application, changed, by=principal.id, at=at)
                self.announce(
                    ApplicationChanged(
                        actor_id=principal.id, at=at, application_id=application.id, fields=tuple(sorted(changed))
                    )
                )
            if assignments is not None:
                await self.looking_after.look_after(application, assignments, by=principal.id, at=at)
                application.renewed(at)
        return application

    async def _take_over(
        self, application: CustomerApplication, changed: dict[str, Any], *, by: UUID, at: datetime
    ) -> None:
        """Write changed fields into the row, and to its borrower and whoever and whatever stands behind it.

        `changed` gains the account where that stays with another customer.
        """
        check_phones(changed, *PHONES)
        behind = {name: changed[name] for name in BACKING_FIELDS & changed.keys()}
        person = person_with(application, changed)
        await self._hold(person, behind, application)
        if "account_id" in changed:
            await give_up_account(self.session, application)
        if not _PERSON.isdisjoint(changed):
            await self._know_the_borrower(application, person, by=by, at=at)
            if await self._customers.is_of_another(application.account_id, application.customer_id):
                changed.setdefault("account_id", None)
        await self._back(application, behind, by=by, at=at)
        if not _CHECKED_ACCOUNT.isdisjoint(changed):
            application.account_id_validated = False
        for name in changed.keys() - behind.keys():
            setattr(application, name, changed[name])
        if not _PRODUCT.isdisjoint(changed):
            application.product_version_id = await self._version_of(application)

    async def _version_of(self, application: CustomerApplication) -> UUID | None:
        """The version of its product that is in force: an application keeps the one its cycle began with."""
        code = application.product_code or application.product_type
        version_id = await self._products.in_force(code) if code else None
        if application.product_code and version_id is None:
            raise NoSuchProduct("There is no such product.", errors=(FieldError("product_code", "is no product"),))
        return version_id

    async def throw_away(
        self, application_id: UUID, *, expected_version: int | None, principal: Principal, at: datetime
    ) -> None:
        """Delete a draft with its folders and papers, and the customers who were written down only for it.

        Raises:
            Missing: There is no such application, or the person may not see it.
            NotADraft: It was submitted once, so it stays on record.
            NotYourDraft: Only its officer, and whoever may delete others' drafts, may throw it away.
        """
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            check_version(expected_version, application.version)
            if DELETE not in permissions_for(principal, application):
                raise NotYourDraft("This draft is somebody else's; ask them, or the branch manager.")
            if application.workflow_status is not Stage.PO_CREATED or application.submitted_at is not None:
                raise NotADraft("Only a draft that was never submitted can be deleted; withdraw it instead.")
            behind = select(Party.customer_id).where(Party.application_id == application.id)
            people = {application.customer_id, *await self.session.scalars(behind)} - {None}
            await self._customers.hold(customer_ids=people)
            papers = (await self.session.scalars(select(File).where(File.application_id == application.id))).all()
            for paper in papers:
                await self.session.delete(paper)
                self.announce(removal_of(paper, by=principal.id, at=at))
            await self.session.flush()
            await self.session.execute(delete(Folder).where(Folder.application_id == application.id))
            await self.session.delete(application)
            await self.session.flush()
            for customer_id in people:
                if await self._refers_alone(application.id, customer_id):
                    await self._customers.forget(customer_id, written_for=application.id, by=principal.id, at=at)
            self.announce(ApplicationRemoved(actor_id=principal.id, at=at, application_id=application.id))
        await clear_away(self._store, *papers)

    async def _check(self, fields: dict[str, Any], *, at: datetime) -> None:
        """Bring names into the form in which they are stored, and refuse what cannot be true.

        Raises:
            MixedScripts: A name is written in two scripts.
            NotBornYet: The day of birth lies in the future.
            NoSuchCode, UnknownPlace: The gazetteer does not have the place.
        """
        check_person(fields, today=local_day(at))
        if "collaterals" in fields:  # the web app sends rows that nobody filled in
            fields["collaterals"] = [entry for entry in fields["collaterals"] if says_something(entry)]
        if "account_id" in fields:
            fields["account_id"] = account_as_kept(fields["account_id"])
        if code := fields.get("place_code"):
            await GazetteerService(self.session).check(code)

    async def _know_the_borrower(
        self, application: CustomerApplication, person: Described, *, by: UUID, at: datetime
    ) -> None:
        """Find the borrower as the application describes them now, or write them down as a customer."""
        former = application.customer_id
        known = await self._customers.identify(
            person,
            written_for=application.id,
            current=former,
            alone=partial(self._refers_alone, application.id),
            by=by,
            at=at,
        )
        application.customer_id = known
        if former and known and known != former and await self._refers_alone(application.id, former):
            await self.session.flush()
            await self._customers.forget(former, written_for=application.id, taker=known, by=by, at=at)

    async def _hold(
        self, person: Described, behind: Mapping[str, Any], application: CustomerApplication | None = None
    ) -> None:
        """Lock the numbers and customers of everybody involved at once: then two drafts never wait for each other."""
        guarantor = Person(
            phone=behind.get("guarantor_phone"),
            id_number=behind.get("guarantor_id_number"),
            id_card_type=paper_kind(behind.get("guarantor_id_number")),
        )
        parties = application.parties if application else ()
        described = [person_of(party, None) for party in parties]  # with the numbers that are not changed
        known = [application.customer_id if application else None, *(party.customer_id for party in parties)]
        await self._customers.hold([person, guarantor, *described], [each for each in known if each])

    async def _back(
        self, application: CustomerApplication, behind: Mapping[str, Any], *, by: UUID, at: datetime
    ) -> None:
        """Write down the guarantor and collateral that the web app's fields name."""
        if behind.keys() - {"collaterals"}:
            await self.backing.guarantee(
                application.id,
                behind,
                branch_id=application.branch_id,
                alone=self.borrows_nowhere,
                by=by,
                at=at,
            )
        if "collaterals" in behind:
            await self.backing.pledge(application.id, behind["collaterals"], at=at)

    def touch(self, application: CustomerApplication, fields: Collection[str], *, by: UUID, at: datetime) -> None:
        """Give an application a new version after somebody changed these fields, those of its parties included."""
        if is_material(fields):
            application.changed_in_substance_by(by)
            application.recommend(UNSAID)  # it was recommended as it was before
        application.renewed(at)

    async def is_drafted(self, application_id: UUID, principal: Principal) -> bool:
        """Whether the person drafted an application with this id."""
        theirs = exists().where(CustomerApplication.id == application_id, CustomerApplication.user_id == principal.id)
        return bool(await self.session.scalar(select(theirs)))

    async def borrows_nowhere(self, customer_id: UUID) -> bool:
        """Whether this customer has no application."""
        return not await self.session.scalar(select(exists().where(CustomerApplication.customer_id == customer_id)))

    async def _refers_alone(self, application_id: UUID, customer_id: UUID) -> bool:
        """Whether this customer has no other application and stands behind none."""
        others = exists().where(
            CustomerApplication.customer_id == customer_id, CustomerApplication.id != application_id
        )
        parties = exists().where(Party.customer_id == customer_id)
        return not await self.session.scalar(select(others | parties))


def _said(wish: ApplicationChange) -> dict[str, Any]:
    """The fields a wish carries; null empties a list, as it clears any other field."""
    return {name: [] if value is None and name in _LISTS else value for name, value in given(wish).items()}


_LISTS: Final = frozenset({"existing_loans", "loan_purposes", "collaterals"})
"""The fields that hold a list; null empties them."""

_PRODUCT: Final = frozenset({"product_type", "product_code"})
"""The fields that name the product."""

_PERSON: Final = frozenset({"id_card_type", "id_number", "phone", "date_of_birth", *NAMES})
"""The fields that tell who somebody is."""

_CHECKED_ACCOUNT: Final = _PERSON | {"account_id"}
"""The fields that a check of the account was about: whose it is, and which one."""
