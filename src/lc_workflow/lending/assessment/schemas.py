"""Financial lines, limits and what was found, as requests and answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.affordability import AffordabilityVerdict, Band, Constraint, Kind, Party, Policy, Rhythm
from lc_workflow.lending.rules.quoting import Warned
from lc_workflow.platform.http.shapes import Amount, Line, Percent, check_amounts, check_percents


class FinancialLineWish(Struct, frozen=True, kw_only=True):
    """An income, an expense or a debt; an unknown amount is null, never zero.

    `verified_by` is the account of who made sure of it: one's own, or the one that stands there already.
    """

    kind: Kind
    party: Party = Party.BORROWER
    description: Line | None = None
    amount: Amount | None = None
    currency: Currency = Currency.USD
    frequency: Rhythm = Rhythm.MONTHLY
    verified_by: UUID | None = None
    document_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse amounts that no column holds."""
        check_amounts(self, "amount")


class FinancialsWish(Struct, frozen=True):
    """All incomes, expenses and debts from now on."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "lines": [
            {
                "kind": "income",
                "description": "Stall at the market",
                "amount": 620,
                "currency": "USD",
                "frequency": "monthly",
            },
            {"kind": "expense", "description": "Household", "amount": 380, "currency": "USD", "frequency": "monthly"},
        ]
    }

    lines: Annotated[list[FinancialLineWish], Meta(max_length=100)]


class FinancialLineAnswer(Struct, frozen=True, kw_only=True):
    """An income, an expense or a debt as it was written down."""

    id: UUID
    party: Party
    kind: Kind
    description: str | None
    amount: Decimal | None
    currency: Currency
    frequency: Rhythm
    verified_by: UUID | None
    document_id: UUID | None


class Financials(Struct, frozen=True):
    """All incomes, expenses and debts of an application."""

    lines: list[FinancialLineAnswer]


class PolicyBody(Struct, frozen=True, kw_only=True):
    """The house's limits, in percent; `steps` says in which steps principals are offered, by currency."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "base": "USD",
        "dti_limit": 50,
        "nii_solvent": 50,
        "nii_at_risk": 70,
        "capacity": 70,
        "steps": {"USD": 10, "KHR": 10000},
    }

    base: Currency
    dti_limit: Percent
    nii_solvent: Percent
    nii_at_risk: Percent
    capacity: Percent
    steps: dict[Currency, Decimal]

    def __post_init__(self) -> None:
        """Refuse percentages that no column holds."""
        check_percents(self, "dti_limit", "nii_solvent", "nii_at_risk", "capacity")

    def policy(self) -> Policy:
        """The limits that the rules know."""
        return Policy(self.base, self.dti_limit, self.nii_solvent, self.nii_at_risk, self.capacity, dict(self.steps))


class Exposure(Struct, frozen=True):
    """What the customer's other loans come to, in base currency; null where a rate is missing."""

    outstanding: Decimal | None
    approved: Decimal | None
    guaranteed: Decimal | None
    total: Decimal | None


class RateUsed(Struct, frozen=True):
    """An exchange rate of the snapshot."""

    currency: Currency
    rate: Decimal
    valid_on: date


class AffordabilityAnswer(Struct, frozen=True, kw_only=True):
    """What was found: amounts a month in `base_currency`, percentages rounded; verdicts compare unrounded values.

    `max_principal_exact` and `max_principal_offered` are in the loan's currency. What cannot be told is null.
    `is_current` is false when the application changed in substance since: it has to be judged again before approval.
    """

    id: UUID
    application_id: UUID
    base_currency: Currency
    gross_income: Decimal | None
    expenses: Decimal | None
    existing_debt: Decimal | None
    proposed_installment: Decimal | None
    dti_pct: Decimal | None
    nii_pct: Decimal | None
    band: Band | None
    max_installment_dti: Decimal | None
    max_installment_capacity: Decimal | None
    max_installment: Decimal | None
    binding_constraint: Constraint | None
    max_principal_exact: Decimal | None
    max_principal_offered: Decimal | None
    exposure: Exposure
    flags: list[Warned]
    verdict: AffordabilityVerdict
    limits: Policy
    exchange_rates: list[RateUsed]
    quote_hash: str | None
    assessed_by: UUID
    assessed_at: datetime
    is_current: bool = True
