"""The paths of applications and of the customers behind them."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import CREATE, DELETE, PROCESS, READ, READ_CUSTOMERS, UPDATE
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.schemas import (
    ApplicationAnswer,
    ApplicationChange,
    CustomerAnswer,
    NewApplication,
)
from lc_workflow.lending.applications.service import ApplicationService, SortKey, Wanted
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.rules.stages import Stage, Status
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.paging import WIDE_WINDOW, WINDOW, Page, SortOrder, Window
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.http.versions import EXPECTED_VERSION, ExpectedVersion, tagged
from lc_workflow.platform.security.guards import requires


def wanted(
    search: FromQuery[str | None] = None,
    status: FromQuery[Status | None] = None,
    workflow_status: FromQuery[Stage | None] = None,
    amount_min: FromQuery[Decimal | None] = None,
    amount_max: FromQuery[Decimal | None] = None,
    date_from: FromQuery[date | None] = None,
    date_to: FromQuery[date | None] = None,
    officer_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    priority_level: FromQuery[Priority | None] = None,
    sort_by: FromQuery[SortKey] = SortKey.CREATED_AT,
    sort_order: FromQuery[SortOrder] = SortOrder.DESC,
) -> Wanted:
    """Read which applications a list is asked for."""
    return Wanted(
        search=search,
        status=status,
        workflow_status=workflow_status,
        amount_min=amount_min,
        amount_max=amount_max,
        date_from=date_from,
        date_to=date_to,
        officer_id=officer_id,
        branch_id=branch_id,
        priority_level=priority_level,
        sort_by=sort_by,
        descending=sort_order is SortOrder.DESC,
    )


class ApplicationController(Controller):
    """Applications."""

    path = "/api/v1/applications"
    tags = ("Applications",)
    dependencies = EXPECTED_VERSION

    @get(guards=[requires(READ)], dependencies={**WIDE_WINDOW, "wanted": Provide(wanted, sync_to_thread=False)})
    async def list_applications(
        self,
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        wanted: NamedDependency[Wanted],
    ) -> Page[ApplicationAnswer]:
        """List the applications one may see, newest first unless asked otherwise."""
        rows, total = await applications.page(wanted, window, principal=principal)
        return Page.of([shaped(row, ApplicationAnswer) for row in rows], total=total, window=window)

    @post(guards=[requires(CREATE)])
    async def draft(
        self,
        data: JSONBody[NewApplication],
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Answer[ApplicationAnswer]:
        """Begin an application."""
        drafted = await applications.draft(data, principal=principal, at=clock())
        return _shown(await applications.whole(drafted.id, principal=principal))

    @get("/{application_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        application_id: FromPath[UUID],
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
    ) -> Answer[ApplicationAnswer]:
        """Show one application."""
        return _shown(await applications.whole(application_id, principal=principal))

    @put("/{application_id:uuid}", guards=[requires(UPDATE, PROCESS)])
    async def change(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[ApplicationChange],
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
    ) -> Answer[ApplicationAnswer]:
        """Change some fields of an application; it never moves by that."""
        await applications.change(
            application_id, data, expected_version=expected_version, principal=principal, at=clock()
        )
        return _shown(await applications.whole(application_id, principal=principal))

    @delete("/{application_id:uuid}", guards=[requires(DELETE)])
    async def throw_away(
        self,
        application_id: FromPath[UUID],
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
    ) -> None:
        """Throw a draft away."""
        await applications.throw_away(
            application_id, expected_version=expected_version, principal=principal, at=clock()
        )


class CustomerController(Controller):
    """The people behind applications."""

    path = "/api/v1/customers"
    tags = ("Customers",)

    @get(guards=[requires(READ_CUSTOMERS)], dependencies=WINDOW)
    async def list_customers(
        self,
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        search: FromQuery[str | None] = None,
    ) -> Page[CustomerAnswer]:
        """List people with applications one may see."""
        rows, total = await applications.customers(window, search=search, principal=principal)
        return Page.of([_person(*row) for row in rows], total=total, window=window)

    @get("/{customer_id:uuid}/applications", guards=[requires(READ_CUSTOMERS)])
    async def applications_of(
        self,
        customer_id: FromPath[UUID],
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
    ) -> list[ApplicationAnswer]:
        """List a person's applications one may see, newest first."""
        rows = await applications.of_customer(customer_id, principal=principal)
        return [shaped(row, ApplicationAnswer) for row in rows]


def _shown(row: CustomerApplication) -> Answer[ApplicationAnswer]:
    """Answer with an application and the version it has."""
    return tagged(shaped(row, ApplicationAnswer), row.version)


def _person(customer: Customer, application_count: int, file_count: int) -> CustomerAnswer:
    """Show a customer in the shape of the web app's users: the first word of the Latin name is the family's."""
    last_name, _, first_name = (customer.full_name_latin or customer.full_name_khmer or "").partition(" ")
    return CustomerAnswer(
        id=customer.id,
        username=customer.full_name_latin or customer.full_name_khmer or "",
        first_name=first_name,
        last_name=last_name,
        full_name_khmer=customer.full_name_khmer,
        full_name_latin=customer.full_name_latin,
        phone_number=customer.phone,
        branch_id=customer.branch_id,
        application_count=application_count,
        file_count=file_count,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )
