"""Whether a household can repay: what it earns, spends and owes a month, and how large a loan it can carry.

Everything is calculated in fractions and compared unrounded; only what is shown is rounded (lending.md §4).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Final

from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.quoting import Warned, balloons
from lc_workflow.lending.rules.schedule import EXACT, PERIODS_PER_YEAR, Frequency, Installment

_MONTHS: Final = 12
_LARGEST_STEP: Final = 1_000_000_000


class Party(StrEnum):
    """Whose money it is; a guarantor's is judged separately, not added to the household's."""

    BORROWER = "borrower"
    CO_BORROWER = "co_borrower"
    GUARANTOR = "guarantor"


HOUSEHOLD: Final = frozenset({Party.BORROWER, Party.CO_BORROWER})


class Kind(StrEnum):
    """Whether money comes in, is spent, or is owed to other lenders."""

    INCOME = "income"
    EXPENSE = "expense"
    DEBT = "debt"


class Rhythm(StrEnum):
    """How often an amount is earned or spent."""

    DAILY = "daily"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


TIMES_A_YEAR: Final = {
    Rhythm.DAILY: 365,
    Rhythm.WEEKLY: 52,
    Rhythm.BIWEEKLY: 26,
    Rhythm.MONTHLY: 12,
    Rhythm.YEARLY: 1,
}


class Band(StrEnum):
    """How much of the net income all debts take: the net indebtedness index in three words."""

    SOLVENT = "SOLVENT"
    AT_RISK = "AT_RISK"
    OVER_INDEBTED = "OVER_INDEBTED"


class AffordabilityVerdict(StrEnum):
    """Whether the household can carry the loan, or people have to look closer."""

    PASS = "PASS"  # noqa: S105 - no password
    REFER = "REFER"


class PolicyContradictsItself(Invalid):
    """These limits contradict each other."""


class Constraint(StrEnum):
    """Which limit decides the largest installment."""

    DTI = "DTI"
    CAPACITY = "CAPACITY"


@dataclass(frozen=True, slots=True)
class Line:
    """One income, expense or debt; a debt whose `amount` nobody knows is null, never zero."""

    party: Party
    kind: Kind
    amount: Decimal | None
    currency: Currency
    rhythm: Rhythm
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The house's limits, in percent: debts as part of the gross income, and of the income after expenses.

    Above `nii_solvent` a household is at risk, above `nii_at_risk` over-indebted. `capacity` is the part of the income
    after expenses that the largest installment may take. Amounts are calculated in `base`; principals are offered in
    whole `steps`.
    """

    base: Currency
    dti_limit: Decimal
    nii_solvent: Decimal
    nii_at_risk: Decimal
    capacity: Decimal
    steps: dict[Currency, Decimal]


@dataclass(frozen=True, slots=True)
class Rates:
    """How many units of each currency one unit of the base currency is: a snapshot that later rates do not change."""

    base: Currency
    per_base: dict[Currency, Decimal]

    def in_base(self, amount: Decimal | Fraction, currency: Currency) -> Fraction | None:
        """The amount in the base currency, unrounded; None when the rate is unknown."""
        if currency is self.base:
            return Fraction(amount)
        rate = self.per_base.get(currency)
        return Fraction(amount) / Fraction(rate) if rate else None

    def from_base(self, amount: Fraction, currency: Currency) -> Fraction | None:
        """The amount in another currency, unrounded; None when the rate is unknown."""
        if currency is self.base:
            return amount
        rate = self.per_base.get(currency)
        return amount * Fraction(rate) if rate else None


@dataclass(frozen=True, slots=True)
class Proposed:
    """The loan in question: its installments in `currency`, and its yearly rate in percent."""

    currency: Currency
    frequency: Frequency
    annual_rate: Decimal
    term: int
    installments: Sequence[Installment]


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest loan the household can carry: the monthly installment in base currency, the rest in the loan's.

    `exact` is the principal which that installment repays, `offered` is rounded down to whole steps.
    """

    by_dti: Fraction
    by_capacity: Fraction
    installment: Fraction
    binding: Constraint
    exact: Fraction | None = None
    offered: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The findings, per month, in base currency and unrounded; None where unknown.

    `dti` and `nii` are fractions of one.
    """

    gross_income: Fraction | None
    expenses: Fraction | None
    existing_debt: Fraction | None
    proposed: Fraction | None
    dti: Fraction | None
    nii: Fraction | None
    band: Band | None
    largest: Largest | None
    flags: tuple[Warned, ...]
    verdict: AffordabilityVerdict


def check_policy(policy: Policy) -> None:
    """Refuse limits that contradict each other.

    Raises:
        PolicyContradictsItself: They say nothing, or the opposite of one another.
    """
    if policy.nii_at_risk < policy.nii_solvent:
        raise PolicyContradictsItself("Over-indebted begins above at risk, not below it.")
    if set(policy.steps) != set(Currency) or not all(0 < step <= _LARGEST_STEP for step in policy.steps.values()):
        raise PolicyContradictsItself("Principals are offered in a step above zero in each currency.")


def monthly(amount: Decimal | Fraction, times_a_year: int) -> Fraction:
    """A recurring amount as a monthly one: weekly × 52/12, biweekly × 26/12, daily × 365/12."""
    return Fraction(amount) * times_a_year / _MONTHS


def assess(lines: Sequence[Line], proposed: Proposed | None, policy: Policy, rates: Rates) -> Assessment:
    """Judge whether a household can repay; whatever is unknown leads to REFER."""
    household = [line for line in lines if line.party in HOUSEHOLD]
    gross = _sum(household, Kind.INCOME, rates)
    expenses = _sum(household, Kind.EXPENSE, rates)
    existing = _sum(household, Kind.DEBT, rates) if _obligations_known(household) else None
    burden = _burden(proposed, rates) if proposed else None
    service = existing + burden if existing is not None and burden is not None else None
    left = gross - expenses if gross is not None and expenses is not None else None
    dti = service / gross if service is not None and gross else None
    nii = service / left if service is not None and left is not None and left > 0 else None
    flags = (*_unknown(household, proposed, rates, gross), *_beyond(policy, proposed, left, dti, nii))
    largest = None
    if gross is not None and left is not None and existing is not None:
        by_dti = max(gross * Fraction(policy.dti_limit) / 100 - existing, Fraction(0))
        by_capacity = max(left * Fraction(policy.capacity) / 100 - existing, Fraction(0))
        largest = _largest(by_dti, by_capacity, proposed, policy, rates)
    return Assessment(
        gross_income=gross,
        expenses=expenses,
        existing_debt=existing,
        proposed=burden,
        dti=dti,
        nii=nii,
        band=_band(nii, policy),
        largest=largest,
        flags=flags,
        verdict=AffordabilityVerdict.REFER if flags or dti is None or nii is None else AffordabilityVerdict.PASS,
    )


def largest_principal(installment: Fraction, annual_rate: Decimal, frequency: Frequency, term: int) -> Fraction:
    """The principal that an annuity of `installment` a period repays, unrounded."""
    rate = Fraction(annual_rate) / 100 / PERIODS_PER_YEAR[frequency]
    if not rate:
        return installment * term
    return installment * (1 - (1 + rate) ** -term) / rate


def _obligations_known(household: Sequence[Line]) -> bool:
    """Debts are known when each amount is; that there are none is known only when somebody verified it."""
    debts = [line for line in household if line.kind is Kind.DEBT]
    if any(line.amount is None for line in debts):
        return False
    return any(line.amount or line.verified for line in debts)


def _sum(lines: Iterable[Line], kind: Kind, rates: Rates) -> Fraction | None:
    """The monthly total of all lines of a kind; None when one of them is unknown."""
    total = Fraction(0)
    for line in lines:
        if line.kind is not kind:
            continue
        if line.amount is None or (converted := rates.in_base(line.amount, line.currency)) is None:
            return None
        total += monthly(converted, TIMES_A_YEAR[line.rhythm])
    return total


def _burden(proposed: Proposed, rates: Rates) -> Fraction | None:
    """The largest installment except a balloon, per month."""
    large = set(balloons(proposed.installments))
    usual = max((row.total for row in proposed.installments if row.number not in large), default=Decimal(0))
    converted = rates.in_base(usual, proposed.currency)
    return None if converted is None else monthly(converted, PERIODS_PER_YEAR[proposed.frequency])


def _band(nii: Fraction | None, policy: Policy) -> Band | None:
    if nii is None:
        return None
    if nii * 100 <= Fraction(policy.nii_solvent):
        return Band.SOLVENT
    return Band.AT_RISK if nii * 100 <= Fraction(policy.nii_at_risk) else Band.OVER_INDEBTED


def _unknown(
    household: Sequence[Line], proposed: Proposed | None, rates: Rates, gross: Fraction | None
) -> Iterator[Warned]:
    """Say what is unknown."""
    currencies = {line.currency for line in household} | ({proposed.currency} if proposed else set())
    for currency in sorted(currencies):
        if rates.in_base(Decimal(1), currency) is None:
            yield Warned("ExchangeRateMissing", f"No exchange rate tells what {currency} is worth in {rates.base}.")
    if not _obligations_known(household):
        yield Warned("UnverifiedObligations", "What is owed to other lenders is not known; that is never zero.")
    if gross == 0 or any(line.kind is Kind.INCOME and line.amount is None for line in household):
        yield Warned("IncomeMissing", "No income is written down, or not how much it is.")
    if any(line.kind is Kind.EXPENSE and line.amount is None for line in household):
        yield Warned("ExpensesMissing", "An expense is written down, and not how much it is.")
    if proposed is None:
        yield Warned("InstallmentUnknown", "The loan cannot be reckoned yet, so its installments are not known.")


def _beyond(
    policy: Policy, proposed: Proposed | None, left: Fraction | None, dti: Fraction | None, nii: Fraction | None
) -> Iterator[Warned]:
    """Say what exceeds its limit."""
    if left is not None and (left < 0 or (left == 0 and dti is not None)):
        yield Warned("NothingLeft", "The expenses take the whole income.")
    if proposed and balloons(proposed.installments):
        yield Warned("BalloonSourceRequired", "More than twice the usual installment is due once; say what pays it.")
    if dti is not None and dti * 100 > Fraction(policy.dti_limit):
        yield Warned("DtiAboveLimit", f"The debts take more than {policy.dti_limit} % of the income.")
    if nii is not None and nii * 100 > Fraction(policy.nii_solvent):
        yield Warned("NiiAboveLimit", f"The debts take more than {policy.nii_solvent} % of what is left of the income.")


def _largest(
    by_dti: Fraction, by_capacity: Fraction, proposed: Proposed | None, policy: Policy, rates: Rates
) -> Largest:
    installment = min(by_dti, by_capacity)
    binding = Constraint.CAPACITY if by_capacity < by_dti else Constraint.DTI
    exact = offered = None
    if proposed and (converted := rates.from_base(installment, proposed.currency)) is not None:
        per_period = converted * _MONTHS / PERIODS_PER_YEAR[proposed.frequency]
        exact = largest_principal(per_period, proposed.annual_rate, proposed.frequency, proposed.term)
        step = policy.steps[proposed.currency]
        offered = step * (exact // Fraction(step))
    return Largest(by_dti, by_capacity, installment, binding, exact, offered)


def in_figures(value: Fraction, places: int = 2) -> Decimal:
    """A value for display: rounded half up to so many decimals."""
    with localcontext(EXACT):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
