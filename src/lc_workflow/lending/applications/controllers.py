"""The paths of applications, those of one customer among them."""

from collections.abc import Sequence
from uuid import UUID

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import APPROVE, CREATE, DELETE, PROCESS, READ, UPDATE, reads_numbers
from lc_workflow.lending.applications.queries import ApplicationQueries, Wanted
from lc_workflow.lending.applications.schemas import (
    ApplicationAnswer,
    ApplicationCard,
    ApplicationChange,
    NewApplication,
    PriorityChange,
    ReviewerChange,
    StatsSummary,
)
from lc_workflow.lending.applications.service import ApplicationService, ReviewingService
from lc_workflow.lending.customers.access import READ as READ_CUSTOMERS
from lc_workflow.lending.ports import ForLoanBook
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.long_lists import WIDE_LONG_WINDOW, LongPage
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.versions import EXPECTED_VERSION, ExpectedVersion, Tagged
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.reads import Reader


class ApplicationController(Controller):
    """Applications."""

    path = "/api/v1/applications"
    tags = ("Applications",)
    dependencies = EXPECTED_VERSION | {
        "listed": provide(ApplicationQueries),
        "reviewing": provide(ReviewingService),
    }

    @get(guards=[requires(READ)], dependencies=WIDE_LONG_WINDOW)
    async def list_applications(
        self,
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        wanted_applications: NamedDependency[Wanted],
        reader: NamedDependency[Reader],
    ) -> LongPage[ApplicationAnswer]:
        """List the applications one may see, newest first unless asked otherwise.

        Page numbers count from the newest, so that rows move on while others are written. To read a list from end to
        end follow `next` with `after`: each application comes once, and nothing is counted.
        """
        part = await listed.page(wanted_applications, window, principal=principal)
        return LongPage.of(await _listed(part.rows, reader), part=part, window=window)

    @get("/cards", guards=[requires(READ)], dependencies=WIDE_LONG_WINDOW)
    async def list_cards(
        self,
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        wanted_applications: NamedDependency[Wanted],
        reader: NamedDependency[Reader],
    ) -> LongPage[ApplicationCard]:
        """List the applications one may see as small cards, with the filters of the list."""
        part = await listed.cards(wanted_applications, window, principal=principal)
        shown = await reader.show(part.rows, "application", allowed=reads_numbers(reader))
        return LongPage.of(shown, part=part, window=window)

    @get("/stats/summary", guards=[requires(READ)])
    async def summary(
        self,
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        wanted_applications: NamedDependency[Wanted],
    ) -> StatsSummary:
        """Count the applications one may see, with the filters of the list."""
        return await listed.summary(wanted_applications, principal=principal)

    @post(guards=[requires(CREATE)])
    async def draft(
        self,
        data: JSONBody[NewApplication],
        applications: NamedDependency[ApplicationService],
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> Tagged[ApplicationAnswer]:
        """Begin an application."""
        drafted = await applications.draft(data, principal=principal, at=clock())
        return await _shown(await listed.one(drafted.id, principal=principal), reader)

    @get("/{application_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        application_id: FromPath[UUID],
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        reader: NamedDependency[Reader],
    ) -> Tagged[ApplicationAnswer]:
        """Show one application."""
        return await _shown(await listed.one(application_id, principal=principal), reader)

    @put("/{application_id:uuid}", guards=[requires(UPDATE, PROCESS)])
    async def change(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[ApplicationChange],
        applications: NamedDependency[ApplicationService],
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
        reader: NamedDependency[Reader],
    ) -> Tagged[ApplicationAnswer]:
        """Change some fields of an application; this never moves it."""
        await applications.change(
            application_id, data, expected_version=expected_version, principal=principal, at=clock()
        )
        return await _shown(await listed.one(application_id, principal=principal), reader)

    @patch("/{application_id:uuid}/priority", guards=[requires(UPDATE, PROCESS, APPROVE)])
    async def prioritise(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[PriorityChange],
        reviewing: NamedDependency[ReviewingService],
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
        reader: NamedDependency[Reader],
    ) -> Tagged[ApplicationAnswer]:
        """Set how soon an application should be worked on, at any stage."""
        await reviewing.prioritise(
            application_id, data.priority_level, expected_version=expected_version, principal=principal, at=clock()
        )
        return await _shown(await listed.one(application_id, principal=principal), reader)

    @patch("/{application_id:uuid}/assign-reviewer", guards=[requires(UPDATE, PROCESS, APPROVE)])
    async def give_to_reviewer(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[ReviewerChange],
        reviewing: NamedDependency[ReviewingService],
        listed: NamedDependency[ApplicationQueries],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
        reader: NamedDependency[Reader],
    ) -> Tagged[ApplicationAnswer]:
        """Ask somebody of the branch to review an application, or nobody in particular."""
        await reviewing.give_to_reviewer(
            application_id, data.reviewer_id, expected_version=expected_version, principal=principal, at=clock()
        )
        return await _shown(await listed.one(application_id, principal=principal), reader)

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


class LoansOfCustomerController(Controller):
    """The applications of one person."""

    path = "/api/v1/customers/{customer_id:uuid}/applications"
    tags = ("Customers",)
    dependencies = {"listed": provide(ApplicationQueries)}

    @get(guards=[requires(READ_CUSTOMERS)])
    async def applications_of(
        self,
        customer_id: FromPath[UUID],
        listed: NamedDependency[ApplicationQueries],
        loan_book: ForLoanBook,
        principal: NamedDependency[Principal],
        reader: NamedDependency[Reader],
    ) -> list[ApplicationAnswer]:
        """List a person's applications one may see, newest first."""
        rows = await listed.of_customer(customer_id, loan_book=loan_book, principal=principal)
        return await _listed(rows, reader)


async def _listed(answers: Sequence[ApplicationAnswer], reader: Reader) -> list[ApplicationAnswer]:
    """Show applications in a list, as far as the person may read what is personal in them."""
    return await reader.show(answers, "application", allowed=reads_numbers(reader))


async def _shown(answer: ApplicationAnswer, reader: Reader) -> Tagged[ApplicationAnswer]:
    """Answer with an application and the version it has."""
    return Tagged(await reader.show_one(answer, "application", allowed=reads_numbers(reader)), answer.version)
