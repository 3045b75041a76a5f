"""The paths of customers."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.customers.access import CREATE, MERGE, READ, UPDATE, reads_numbers
from lc_workflow.lending.customers.queries import CustomerQueries
from lc_workflow.lending.customers.schemas import (
    AccountAnswer,
    CustomerAnswer,
    CustomerCard,
    CustomerChange,
    DuplicateAnswer,
    MergeRequest,
    NewCustomer,
)
from lc_workflow.lending.ports import NO_LOANS, ForLoanBook, LoanBook
from lc_workflow.lending.registry.service import CustomerMerging, CustomerRegistry
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.long_lists import LONG_WINDOW, LongPage
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.http.versions import EXPECTED_VERSION, ExpectedVersion, Tagged
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.reads import Reader


def open_queries(db_session: DbSession, loan_book: ForLoanBook) -> CustomerQueries:
    """Provide the queries beside the book of loans."""
    return CustomerQueries(db_session, loan_book)


def open_registry(db_session: DbSession, loan_book: ForLoanBook) -> CustomerRegistry:
    """Provide the registry beside the book of loans."""
    return CustomerRegistry(db_session, loan_book)


def open_merging(db_session: DbSession, loan_book: ForLoanBook) -> CustomerMerging:
    """Provide what makes one customer of two beside the book of loans."""
    return CustomerMerging(db_session, loan_book)


class CustomerController(Controller):
    """The people who borrow, and those who stand in for them."""

    path = "/api/v1/customers"
    tags = ("Customers",)
    dependencies = {
        "found": Provider(open_queries),
        "customers": Provider(open_registry),
        "merging": Provider(open_merging),
        **EXPECTED_VERSION,
    }

    @get(guards=[requires(READ)], dependencies=LONG_WINDOW)
    async def list_customers(
        self,
        found: NamedDependency[CustomerQueries],
        loan_book: ForLoanBook,
        db_session: DbSession,
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
        search: FromQuery[str | None] = None,
        branch_id: FromQuery[UUID | None] = None,
    ) -> LongPage[CustomerAnswer]:
        """List customers; `search` finds parts of names in either script, and whole identity and telephone numbers."""
        part = await found.page(window, search=search, branch_id=branch_id, principal=principal)
        loans = await loan_book.count(db_session, [row.id for row in part.rows], principal)
        today = local_day(clock())
        shown = [
            CustomerAnswer.of(row, applications=had.applications, files=had.files, today=today)
            for row in part.rows
            for had in [loans.get(row.id, NO_LOANS)]
        ]
        shown = await reader.show(shown, "customer", allowed=reads_numbers(reader, principal))
        return LongPage.of(shown, part=part, window=window)

    @post(guards=[requires(CREATE)])
    async def register(
        self,
        data: JSONBody[NewCustomer],
        customers: NamedDependency[CustomerRegistry],
        found: NamedDependency[CustomerQueries],
        loan_book: ForLoanBook,
        db_session: DbSession,
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> Tagged[CustomerAnswer]:
        """Add a person who is not a customer yet."""
        at = clock()
        customer_id = await customers.register(data, principal=principal, at=at)
        return await _shown(customer_id, found, loan_book, db_session, principal, reader, at=at)

    @get("/{customer_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        customer_id: FromPath[UUID],
        found: NamedDependency[CustomerQueries],
        loan_book: ForLoanBook,
        db_session: DbSession,
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> Tagged[CustomerAnswer]:
        """Show one customer; `merged_into` is set on one that was merged into another."""
        return await _shown(customer_id, found, loan_book, db_session, principal, reader, at=clock())

    @patch("/{customer_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        customer_id: FromPath[UUID],
        data: JSONBody[CustomerChange],
        customers: NamedDependency[CustomerRegistry],
        found: NamedDependency[CustomerQueries],
        loan_book: ForLoanBook,
        db_session: DbSession,
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
        reader: NamedDependency[Reader],
    ) -> Tagged[CustomerAnswer]:
        """Change a customer; lists of papers and telephones are replaced as a whole."""
        at = clock()
        await customers.change(customer_id, data, expected_version=expected_version, principal=principal, at=at)
        return await _shown(customer_id, found, loan_book, db_session, principal, reader, at=at)

    @post("/{customer_id:uuid}/merge", guards=[requires(MERGE)], status_code=200)
    async def merge(
        self,
        customer_id: FromPath[UUID],
        data: JSONBody[MergeRequest],
        merging: NamedDependency[CustomerMerging],
        found: NamedDependency[CustomerQueries],
        loan_book: ForLoanBook,
        db_session: DbSession,
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> Tagged[CustomerAnswer]:
        """Merge another customer into this one: loans, accounts and papers move, and the other's row points here."""
        at = clock()
        await merging.merge(customer_id, data, principal=principal, at=at)
        return await _shown(customer_id, found, loan_book, db_session, principal, reader, at=at)

    @get("/{customer_id:uuid}/duplicates", guards=[requires(READ)])
    async def duplicates(
        self,
        customer_id: FromPath[UUID],
        found: NamedDependency[CustomerQueries],
        principal: NamedDependency[Principal],
    ) -> list[DuplicateAnswer]:
        """List possible duplicates: customers who share an identity paper or a telephone with this one."""
        rows = await found.duplicates(customer_id, principal=principal)
        return [
            DuplicateAnswer(row.id, shaped(other, CustomerCard), row.matched_by, row.found_at, row.dismissed_at)
            for row, other in rows
        ]

    @post("/{customer_id:uuid}/duplicates/{duplicate_id:uuid}/dismiss", guards=[requires(MERGE)], status_code=204)
    async def dismiss(
        self,
        customer_id: FromPath[UUID],
        duplicate_id: FromPath[UUID],
        merging: NamedDependency[CustomerMerging],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Record that two possible duplicates are different people."""
        await merging.dismiss(customer_id, duplicate_id, principal=principal, at=clock())

    @get("/{customer_id:uuid}/accounts", guards=[requires(READ)])
    async def accounts(
        self,
        customer_id: FromPath[UUID],
        found: NamedDependency[CustomerQueries],
        principal: NamedDependency[Principal],
    ) -> list[AccountAnswer]:
        """List the account ids that belong to a customer."""
        return [shaped(row, AccountAnswer) for row in await found.accounts(customer_id, principal=principal)]


async def _shown(
    customer_id: UUID,
    found: CustomerQueries,
    loan_book: LoanBook,
    session: DbSession,
    principal: Principal,
    reader: Reader,
    *,
    at: datetime,
) -> Tagged[CustomerAnswer]:
    """Answer with a customer as they stand now."""
    customer = await found.whole(customer_id, principal=principal)
    had = (await loan_book.count(session, [customer_id], principal)).get(customer_id, NO_LOANS)
    answer = CustomerAnswer.of(customer, applications=had.applications, files=had.files, today=local_day(at))
    shown = await reader.show_one(answer, "customer", allowed=reads_numbers(reader, principal))
    return Tagged(shown, customer.version)
