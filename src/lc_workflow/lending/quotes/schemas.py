"""Quotes as requests and answers, in the shapes of lending.md §3."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.quoting import Fee, FeeTiming, Quote, Warned, payable, percent
from lc_workflow.lending.rules.schedule import DayCount, Frequency, Method, Rounding, Terms, usual_dues
from lc_workflow.platform.http.shapes import Amount, Code, Percent, check_amounts, check_percents

Installments = Annotated[int, Meta(ge=1, le=1_000)]
"""A term in installments; nobody repays a loan in more than a thousand."""

Periods = Annotated[int, Meta(ge=0, le=1_000)]
Every = Annotated[int, Meta(ge=1, le=1_000)]
DayOfMonth = Annotated[int, Meta(ge=1, le=31)]
Holidays = Annotated[list[date], Meta(max_length=1_000)]


class FeeLine(Struct, frozen=True):
    """A fee in the loan's currency, and how it is taken."""

    code: Code
    amount: Amount
    timing: FeeTiming

    def __post_init__(self) -> None:
        """Refuse amounts that no column holds."""
        check_amounts(self, "amount")


Fees = Annotated[list[FeeLine], Meta(max_length=20)]


class ApplicationQuoteRequest(Struct, frozen=True, kw_only=True):
    """What to reckon otherwise than the application and its product say; units as in `QuoteRequest`."""

    EXAMPLE: ClassVar[dict[str, object]] = {"principal": 1500, "annual_rate": 18, "term": 12}

    currency: Currency | None = None
    principal: Amount | None = None
    annual_rate: Percent | None = None
    term: Installments | None = None
    frequency: Frequency | None = None
    method: Method | None = None
    principal_grace: Periods | None = None
    principal_every: Every | None = None
    residual: Amount | None = None
    installment_rounding: Rounding | None = None
    interest_rounding: Literal["HALF_UP", "FLOOR"] | None = None
    disbursed_on: date | None = None
    first_due_on: date | None = None
    anchor_day: DayOfMonth | None = None
    day_count: DayCount | None = None
    business_day: BusinessDay | None = None
    holidays: Holidays | None = None
    fees: Fees | None = None

    def __post_init__(self) -> None:
        """Refuse amounts and percentages that no column holds."""
        check_amounts(self, "principal", "residual")
        check_percents(self, "annual_rate")

    def agreed_fees(self) -> tuple[Fee, ...]:
        """The fees that the rules reckon with."""
        return tuple(Fee(line.code, line.amount, line.timing) for line in self.fees or ())


class QuoteRequest(ApplicationQuoteRequest, frozen=True, kw_only=True):
    """The loan to reckon.

    Amounts are in `currency`, `annual_rate` is in percent per year, `term` in installments. `disbursed_on` makes the
    flows dated. What is left out is as usual: the first due date a period after it, no grace, no residual, half up,
    periodic.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "currency": "USD",
        "principal": 1500,
        "annual_rate": 18,
        "term": 12,
        "frequency": "monthly",
        "method": "annuity",
        "disbursed_on": "2026-12-01",
    }

    currency: Currency
    principal: Amount
    annual_rate: Percent
    term: Installments
    frequency: Frequency
    method: Method

    def terms(self) -> Terms:
        """The terms that the rules reckon with."""
        first_due_on, anchor_day = usual_dues(self.disbursed_on, self.first_due_on, self.anchor_day, self.frequency)
        return Terms(
            currency=self.currency,
            principal=self.principal,
            annual_rate=self.annual_rate,
            term=self.term,
            frequency=self.frequency,
            method=self.method,
            principal_grace=self.principal_grace or 0,
            principal_every=self.principal_every or 1,
            residual=self.residual or Decimal(0),
            installment_rounding=self.installment_rounding or Rounding.HALF_UP,
            interest_rounding=Rounding(self.interest_rounding or Rounding.HALF_UP),
            disbursed_on=self.disbursed_on,
            first_due_on=first_due_on,
            anchor_day=anchor_day,
            day_count=self.day_count or DayCount.PERIODIC,
            business_day=self.business_day or BusinessDay.NONE,
            holidays=frozenset(self.holidays or ()),
        )


class InstallmentAnswer(Struct, frozen=True):
    """What is due, when, and what is still owed afterwards."""

    number: int
    due_on: date | None
    principal: Decimal
    interest: Decimal
    total: Decimal
    balance: Decimal


class Totals(Struct, frozen=True):
    """What the borrower gives in all: `principal` as asked for, `fees` however they are taken."""

    principal: Decimal
    interest: Decimal
    fees: Decimal
    total: Decimal


class QuoteAnswer(Struct, frozen=True):
    """A reckoned loan; rates are in percent per year with four decimals and count every fee."""

    installments: list[InstallmentAnswer]
    totals: Totals
    nominal_apr: Decimal
    effective_apr: Decimal
    warnings: list[Warned]
    quote_hash: str


def told(quote: Quote, warnings: tuple[Warned, ...]) -> QuoteAnswer:
    """Show a quote, its amounts with the decimals of their currency."""
    terms = quote.terms
    return QuoteAnswer(
        [
            InstallmentAnswer(
                row.number,
                row.due_on,
                payable(row.principal, terms),
                payable(row.interest, terms),
                payable(row.total, terms),
                payable(row.balance, terms),
            )
            for row in quote.installments
        ],
        Totals(
            payable(quote.principal, terms),
            payable(quote.interest, terms),
            payable(quote.fee_total, terms),
            payable(quote.total, terms),
        ),
        percent(quote.cost.nominal),
        percent(quote.cost.effective),
        list(warnings),
        quote.hash,
    )
