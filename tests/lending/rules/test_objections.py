"""What is said against a decision can be read by whoever takes it."""

from decimal import Decimal

import pytest

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.lending.rules.authority import Holding
from lc_workflow.lending.rules.deliberation import Decision
from lc_workflow.lending.rules.objections import to_figure

SEAT = Holding(role="manager", reach=Reach.BRANCH, limits={Currency.USD: Decimal(1500)})


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        (Decimal(1000) + Decimal(2_100_000) / Decimal(4100), "1512.20 USD is above the 1500 USD"),
        (Decimal("1500.0001"), "1500.01 USD is above the 1500 USD"),
        (Decimal("2E+3"), "2000.00 USD is above the 1500 USD"),
    ],
)
def test_a_figure_that_other_loans_add_to_is_told_in_cents(figure: Decimal, told: str) -> None:
    (refusal,) = to_figure(SEAT, Decision.APPROVE, figure, Currency.USD, needs_limit=True)
    assert refusal.detail == f"{told} you may approve as manager."


def test_the_limit_itself_is_within_it() -> None:
    assert to_figure(SEAT, Decision.APPROVE, Decimal("1500.00"), Currency.USD, needs_limit=True) == []
