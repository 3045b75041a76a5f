"""Drafting, changing, listing and throwing away applications."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File, Folder
from lc_workflow.documents.library.service import clear_away, removal_of
from lc_workflow.kernel.dates import begin_of, end_of
from lc_workflow.kernel.errors import Forbidden, Invalid, Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.access import CREATE, DELETE, permissions_for, visible_to
from lc_workflow.lending.applications.models import WHOLE, Assignment, CustomerApplication
from lc_workflow.lending.applications.schemas import ApplicationChange, AssignmentWish, NewApplication
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.customers.service import CustomerService
from lc_workflow.lending.events import (
    ApplicationChanged,
    ApplicationDrafted,
    ApplicationRemoved,
    AssignmentChanged,
    EmployeeAssigned,
    EmployeeReleased,
)
from lc_workflow.lending.products.service import ProductService
from lc_workflow.lending.rules.assigning import check_assignable
from lc_workflow.lending.rules.editing import check_edit, is_material
from lc_workflow.lending.rules.stages import STATUS_OF, Stage, Status
from lc_workflow.lending.rules.terms import Priority, ProductType
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore


class NotADraft(Invalid):
    """Only a draft that was never submitted can be thrown away; everything else stays on record."""


class NotYourDraft(Forbidden):
    """The draft belongs to somebody else."""


class NoSuchEmployee(Invalid):
    """An assignment names an employee who does not exist."""


class SortKey(StrEnum):
    """What a list of applications can be sorted by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    SUBMITTED_AT = "submitted_at"
    REQUESTED_AMOUNT = "requested_amount"
    FULL_NAME_LATIN = "full_name_latin"
    FULL_NAME_KHMER = "full_name_khmer"
    WORKFLOW_STATUS = "workflow_status"
    STATUS = "status"
    PRIORITY_LEVEL = "priority_level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which applications a list is asked for; days are those of the branches, amounts in each one's currency."""

    search: str | None = None
    status: Status | None = None
    workflow_status: Stage | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    date_from: date | None = None
    date_to: date | None = None
    officer_id: UUID | None = None
    branch_id: UUID | None = None
    priority_level: Priority | None = None
    sort_by: SortKey = SortKey.CREATED_AT
    descending: bool = True


_SORTED_AS: Final = {key: getattr(CustomerApplication, key) for key in SortKey if key is not SortKey.STATUS} | {
    SortKey.STATUS: CustomerApplication.workflow_status
}
_EMPTY: Final[dict[str, Any]] = {
    "existing_loans": [],
    "collaterals": [],
    "loan_purposes": [],
    "currency": Currency.USD,
    "priority_level": Priority.NORMAL,
    "account_id_validated": False,
}


class ApplicationService(Service[CustomerApplication]):
    """The applications a person may see."""

    class Repo(SQLAlchemyAsyncRepository[CustomerApplication]):
        """Applications as rows."""

        model_type = CustomerApplication

    repository_type = Repo
    noun = "application"

    def __init__(self, session: AsyncSession, *, store: ObjectStore) -> None:
        """Open the service on the request's session; `store` keeps the papers."""
        super().__init__(session)
        self._customers = CustomerService(session)
        self._products = ProductService(session)
        self._store = store

    async def page(
        self, wanted: Wanted, window: Window, *, principal: Principal
    ) -> tuple[Sequence[CustomerApplication], int]:
        """List applications with their people and papers, and how many there are in all."""
        key = _SORTED_AS[wanted.sort_by]
        order = key.desc().nulls_last() if wanted.descending else key.asc().nulls_last()
        where = (visible_to(principal), *_conditions(wanted))
        rows = await self.session.scalars(
            select(CustomerApplication)
            .where(*where)
            .order_by(order, CustomerApplication.id)
            .limit(window.size)
            .offset(window.offset)
            .options(*WHOLE)
        )
        total = await self.session.scalar(select(func.count()).select_from(CustomerApplication).where(*where))
        return rows.all(), total or 0

    async def whole(self, application_id: UUID, *, principal: Principal) -> CustomerApplication:
        """Load an application with its people and papers.

        Raises:
            Missing: There is none, or the person may not see it.
        """
        self.session.expire_all()
        return await self.find(visible_to(principal), id=application_id, load=list(WHOLE))

    async def draft(self, wish: NewApplication, *, principal: Principal, at: datetime) -> CustomerApplication:
        """Begin an application, with its customer and the employees who look after it.

        Raises:
            NoSuchEmployee, EmployeeRetired, EmployeeOfAnotherBranch: An assignment cannot be made.
            ProductNotOffered: No loans are made of the product now.
        """
        fields = _EMPTY | given(wish)
        assignments = fields.pop("employee_assignments", [])
        asked_branch = fields.pop("branch_id")
        anywhere = principal.scope_of(CREATE) is Scope.ALL
        async with self.transaction():
            application = CustomerApplication(
                **fields,
                user_id=principal.id,
                branch_id=asked_branch or principal.branch_id if anywhere else principal.branch_id,
                preparers=[principal.id],
                cycle=1,
                created_at=at,
            )
            application.stand_at(Stage.PO_CREATED, by=principal.id, at=at)
            application.customer_id = await self._customers.identified(application, at=at)
            application.product_version_id = await self._version_of(application.product_type)
            self.session.add(application)
            await self.session.flush()
            self.announce(
                ApplicationDrafted(
                    actor_id=principal.id, at=at, application_id=application.id, customer_id=application.customer_id
                )
            )
            await self.look_after(application, assignments, by=principal.id, at=at)
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
        """Change what the wish names and what differs; an edit never moves the workflow.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: The fields are closed where it stands, or for this person.
            ProductNotOffered: No loans are made of the product now.
        """
        fields = given(wish)
        assignments = fields.pop("employee_assignments", None)
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            check_version(expected_version, application.version)
            changed = {name: value for name, value in fields.items() if getattr(application, name) != value}
            if changed or assignments is not None:
                check_edit(changed, application.workflow_status, permissions=permissions_for(principal, application))
            if changed:
                for name, value in changed.items():
                    setattr(application, name, value)
                if "product_type" in changed:
                    application.product_version_id = await self._version_of(application.product_type)
                if is_material(changed):
                    application.changed_in_substance_by(principal.id)
                application.updated_at = at
                if not _PERSON.isdisjoint(changed):
                    known = await self._customers.identified(application, at=at)
                    application.customer_id = known or application.customer_id
                self.announce(
                    ApplicationChanged(
                        actor_id=principal.id, at=at, application_id=application.id, fields=tuple(sorted(changed))
                    )
                )
            if assignments is not None:
                await self.look_after(application, assignments, by=principal.id, at=at)
        return application

    async def _version_of(self, product: ProductType | None) -> UUID | None:
        """The version of a product that is in force: an application keeps the one it was begun with."""
        return await self._products.in_force(product) if product else None

    async def look_after(
        self, application: CustomerApplication, wishes: Sequence[AssignmentWish], *, by: UUID, at: datetime
    ) -> None:
        """Make exactly these employees look after an application; works inside the caller's transaction.

        Raises:
            NoSuchEmployee, EmployeeRetired, EmployeeOfAnotherBranch: An assignment cannot be made.
        """
        wanted = {(wish.employee_id, wish.assignment_role): wish for wish in wishes}
        standing = {
            (row.employee_id, row.assignment_role): row
            for row in await self.session.scalars(
                select(Assignment).where(Assignment.application_id == application.id, Assignment.is_active)
            )
        }
        for key in standing.keys() - wanted.keys():
            standing[key].is_active = False
            self.announce(
                EmployeeReleased(
                    actor_id=by, at=at, application_id=application.id, employee_id=key[0], role=key[1].value
                )
            )
        for key in wanted.keys() & standing.keys():
            if standing[key].notes != wanted[key].notes:
                standing[key].notes = wanted[key].notes
                self.announce(
                    AssignmentChanged(
                        actor_id=by,
                        at=at,
                        application_id=application.id,
                        employee_id=key[0],
                        role=key[1].value,
                        fields=("notes",),
                    )
                )
        for key in wanted.keys() - standing.keys():
            await self.ask(application, wanted[key], by=by, at=at)

    async def ask(
        self, application: CustomerApplication, wish: AssignmentWish, *, by: UUID, at: datetime
    ) -> Assignment:
        """Ask one employee to look after an application; works inside the caller's transaction.

        Raises:
            NoSuchEmployee, EmployeeRetired, EmployeeOfAnotherBranch: The assignment cannot be made.
        """
        employee = await self.session.get(Employee, wish.employee_id)
        if employee is None:
            raise NoSuchEmployee("An assignment names an employee who does not exist.")
        check_assignable(
            is_active=employee.is_active,
            employee_branch=employee.branch_id,
            application_branch=application.branch_id,
        )
        assignment = Assignment(
            application_id=application.id,
            employee_id=wish.employee_id,
            assignment_role=wish.assignment_role,
            notes=wish.notes,
            assigned_at=at,
            assigned_by=by,
            is_active=True,
        )
        self.session.add(assignment)
        await self.session.flush()
        self.announce(
            EmployeeAssigned(
                actor_id=by,
                at=at,
                application_id=application.id,
                employee_id=wish.employee_id,
                role=wish.assignment_role.value,
            )
        )
        return assignment

    async def throw_away(
        self, application_id: UUID, *, expected_version: int | None, principal: Principal, at: datetime
    ) -> None:
        """Throw a draft away, with its folders and papers.

        Raises:
            Missing: There is no such application, or the person may not see it.
            NotADraft: It was submitted once, so it stays on record.
            NotYourDraft: It is for its officer, or for whoever may delete others' drafts, to throw away.
        """
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            check_version(expected_version, application.version)
            if DELETE not in permissions_for(principal, application):
                raise NotYourDraft("This draft is somebody else's; ask them, or the branch manager.")
            if application.workflow_status is not Stage.PO_CREATED or application.submitted_at is not None:
                raise NotADraft("Only a draft that was never submitted can be deleted; withdraw it instead.")
            papers = (await self.session.scalars(select(File).where(File.application_id == application.id))).all()
            for paper in papers:
                await self.session.delete(paper)
                self.announce(removal_of(paper, by=principal.id, at=at))
            await self.session.flush()
            await self.session.execute(delete(Folder).where(Folder.application_id == application.id))
            await self.session.delete(application)
            self.announce(ApplicationRemoved(actor_id=principal.id, at=at, application_id=application.id))
        await clear_away(self._store, *papers)

    async def of_customer(self, customer_id: UUID, *, principal: Principal) -> Sequence[CustomerApplication]:
        """List a person's applications, newest first.

        Raises:
            Missing: This person has none that one may see.
        """
        rows = await self.session.scalars(
            select(CustomerApplication)
            .where(visible_to(principal), CustomerApplication.customer_id == customer_id)
            .order_by(CustomerApplication.created_at.desc(), CustomerApplication.id)
            .options(*WHOLE)
        )
        if not (found := rows.all()):
            raise Missing("There is no such customer, or they are not yours to see.")
        return found

    async def customers(
        self, window: Window, *, search: str | None, principal: Principal
    ) -> tuple[list[tuple[Customer, int, int]], int]:
        """List people with applications this person may see: each with how many, and how many papers."""
        mine = (CustomerApplication.customer_id == Customer.id, visible_to(principal))
        where: list[ColumnElement[bool]] = [exists(select(CustomerApplication.id).where(*mine))]
        if search:
            where.append(
                or_(
                    contains(Customer.full_name_latin, search),
                    contains(Customer.full_name_khmer, search),
                    contains(Customer.phone, search),
                )
            )
        applications = select(func.count()).where(*mine).scalar_subquery()
        papers = (
            select(func.count())
            .select_from(File)
            .join(CustomerApplication, CustomerApplication.id == File.application_id)
            .where(*mine)
            .scalar_subquery()
        )
        rows = await self.session.execute(
            select(Customer, applications, papers)
            .where(*where)
            .order_by(Customer.created_at.desc(), Customer.id)
            .limit(window.size)
            .offset(window.offset)
        )
        total = await self.session.scalar(select(func.count()).select_from(Customer).where(*where))
        return [tuple(row) for row in rows], total or 0


_PERSON: Final = frozenset({"id_card_type", "id_number"})


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    row = CustomerApplication
    filters: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.search, _mentions),
        (wanted.status, lambda word: row.workflow_status.in_([s for s, w in STATUS_OF.items() if w is word])),
        (wanted.workflow_status, lambda stage: row.workflow_status == stage),
        (wanted.amount_min, lambda amount: row.requested_amount >= amount),
        (wanted.amount_max, lambda amount: row.requested_amount <= amount),
        (wanted.date_from, lambda day: row.created_at >= begin_of(day)),
        (wanted.date_to, lambda day: row.created_at < end_of(day)),
        (wanted.officer_id, _is_of_officer),
        (wanted.branch_id, lambda branch_id: row.branch_id == branch_id),
        (wanted.priority_level, lambda level: row.priority_level == level),
    )
    return [condition(value) for value, condition in filters if value is not None]


def _mentions(text: str) -> ColumnElement[bool]:
    row = CustomerApplication
    columns = (row.full_name_latin, row.full_name_khmer, row.phone, row.id_number, row.account_id)
    return or_(*(contains(column, text) for column in columns))


def _is_of_officer(officer_id: UUID) -> ColumnElement[bool]:
    """An officer is an account that drafted it, or an employee who looks after it."""
    looked_after = select(Assignment.application_id).where(Assignment.employee_id == officer_id, Assignment.is_active)
    return or_(CustomerApplication.user_id == officer_id, CustomerApplication.id.in_(looked_after))
