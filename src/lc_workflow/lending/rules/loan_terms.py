"""The terms of a loan that people ask for, recommend, offer and approve (lending.md §1)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanTerms:
    """How much is lent in the application's currency, for how many months, at what percent a year.

    None means that it is not said; how the loan is repaid is up to its product.
    """

    amount: Decimal | None = None
    term: int | None = None
    interest_rate: Decimal | None = None

    def over(self, others: "LoanTerms") -> "LoanTerms":
        """These terms, completed with the other ones."""
        return LoanTerms(
            amount=others.amount if self.amount is None else self.amount,
            term=others.term if self.term is None else self.term,
            interest_rate=others.interest_rate if self.interest_rate is None else self.interest_rate,
        )


UNSAID: Final = LoanTerms()
"""No terms at all."""
