"""Terms lie over others."""

from decimal import Decimal

from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms

ASKED = LoanTerms(amount=Decimal(1500), term=12, interest_rate=Decimal(18))


def test_what_terms_do_not_say_is_as_the_others_say() -> None:
    assert UNSAID.over(ASKED) == ASKED
    assert ASKED.over(UNSAID) == ASKED
    assert LoanTerms(amount=Decimal(1200)).over(ASKED) == LoanTerms(
        amount=Decimal(1200), term=12, interest_rate=Decimal(18)
    )


def test_a_loan_without_interest_says_so() -> None:
    assert LoanTerms(interest_rate=Decimal(0)).over(ASKED).interest_rate == 0
