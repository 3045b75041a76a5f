"""Reckoning loans: nothing is written, the same question has the same answer."""

from lc_workflow.lending.quotes.schemas import QuoteRequest
from lc_workflow.lending.rules.quoting import Quote, quote


class QuoteService:
    """What loans cost."""

    def reckon(self, wish: QuoteRequest) -> Quote:
        """Reckon a loan that belongs to no application.

        Raises:
            NotAMultipleOfTheQuantum, ImpossibleTerms, RoundingExhaustsPrincipal, InstallmentBelowInterest,
            FeesExhaustPrincipal, NoRate: See `rules.quoting.quote`.
        """
        return quote(wish.terms(), wish.agreed_fees())
