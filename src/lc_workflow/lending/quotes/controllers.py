"""The paths of quotes."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ
from lc_workflow.lending.quotes.schemas import ApplicationQuoteRequest, QuoteAnswer, QuoteRequest, told
from lc_workflow.lending.quotes.service import QuoteService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires, signed_in


class QuoteController(Controller):
    """Quotes."""

    path = "/api/v1"
    tags = ("Quotes",)
    dependencies = {"quotes": provide(QuoteService)}

    @post("/quotes", guards=[signed_in], status_code=200)
    async def reckon(
        self, data: JSONBody[QuoteRequest], quotes: NamedDependency[QuoteService], clock: NamedDependency[Clock]
    ) -> QuoteAnswer:
        """Calculate a loan: every installment, its yearly cost, and warnings."""
        return told(*await quotes.reckon(data, at=clock()))

    @post("/applications/{application_id:uuid}/quote", guards=[requires(READ)], status_code=200)
    async def reckon_application(
        self,
        application_id: FromPath[UUID],
        quotes: NamedDependency[QuoteService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[ApplicationQuoteRequest | None] = None,
    ) -> QuoteAnswer:
        """Calculate the loan of an application, on its own terms or on others."""
        wish = data or ApplicationQuoteRequest()
        return told(*await quotes.of(application_id, wish, principal=principal, at=clock()))
