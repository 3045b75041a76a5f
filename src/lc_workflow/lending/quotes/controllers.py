"""The paths of quotes."""

from litestar import Controller, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from lc_workflow.lending.quotes.schemas import QuoteAnswer, QuoteRequest, told
from lc_workflow.lending.quotes.service import QuoteService
from lc_workflow.platform.security.guards import signed_in


class QuoteController(Controller):
    """Quotes."""

    path = "/api/v1/quotes"
    tags = ("Quotes",)
    dependencies = {"quotes": Provide(QuoteService, sync_to_thread=False)}  # noqa: RUF012 - Litestar's own form

    @post(guards=[signed_in], status_code=200)
    async def reckon(self, data: JSONBody[QuoteRequest], quotes: NamedDependency[QuoteService]) -> QuoteAnswer:
        """Reckon a loan: every installment, what it costs a year, and what to mind."""
        quote = quotes.reckon(data)
        return told(quote, quote.warnings)
