"""What a loan product offers: its limits, rates and fees, and what its loans have to comply with."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from lc_workflow.kernel.errors import DomainError, Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.quoting import Fee, FeeTiming
from lc_workflow.lending.rules.schedule import (
    PERIODS_PER_YEAR,
    QUANTUM,
    DayCount,
    Frequency,
    Method,
    Rounding,
    off_quantum,
    rounded,
)

_MONTHS: Final = 12
_HALF: Final = Decimal("0.5")


class FeeKind(StrEnum):
    """Whether the value of a fee is a percentage of the principal, or an amount."""

    PERCENT = "percent"
    FIXED = "fixed"


class VersionStatus(StrEnum):
    """Whether loans are made with a version."""

    DRAFT = "draft"
    PUBLISHED = "published"


class ProductIncomplete(Invalid):
    """A product cannot be offered like this; the sentence says what is wrong."""


class CurrencyNotOffered(Invalid):
    """The product is not lent in this currency."""


class AmountOutsideProduct(Invalid):
    """The amount is below or above what the product is lent for."""


class TermOutsideProduct(Invalid):
    """The term is shorter or longer than the product's."""


class RateOutsideProduct(Invalid):
    """The rate is below or above the product's."""


class GuarantorNeeded(Invalid):
    """For this amount the product asks for a guarantor."""


class CollateralNeeded(Invalid):
    """For this amount the product asks for collateral."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is lent in one currency: amounts in it, terms in months, all bounds inclusive.

    From the amounts `guarantor_from` and `collateral_from` a guarantor and collateral are needed; never where they are
    null.
    """

    currency: Currency
    amount_min: Decimal
    amount_max: Decimal
    term_min: int
    term_max: int
    guarantor_from: Decimal | None = None
    collateral_from: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FeeRule:
    """A fee of the product: percent of the principal, or an amount in `currency`."""

    code: str
    kind: FeeKind
    value: Decimal
    timing: FeeTiming
    currency: Currency | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """One version of a product; rates are in percent per year. The first frequency and method are the usual ones.

    One paper of each kind in `required_documents` is needed before an application is submitted.
    """

    limits: tuple[Limits, ...]
    frequencies: tuple[Frequency, ...]
    methods: tuple[Method, ...]
    rate_min: Decimal
    rate_max: Decimal
    rate_default: Decimal
    fees: tuple[FeeRule, ...] = ()
    installment_rounding: Rounding = Rounding.HALF_UP
    interest_rounding: Rounding = Rounding.HALF_UP
    day_count: DayCount = DayCount.PERIODIC
    business_day: BusinessDay = BusinessDay.NONE
    required_documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """The terms of one loan: the amount in `currency`, the term in months, the rate in percent per year."""

    currency: Currency
    amount: Decimal | None
    months: int | None
    rate: Decimal | None
    has_guarantor: bool = False
    has_collateral: bool = False


def check_conditions(conditions: Conditions) -> None:
    """Refuse contradictory conditions of a product.

    Raises:
        ProductIncomplete: They contradict each other, or leave something open.
    """
    for fault in _faults(conditions):
        raise ProductIncomplete(fault)


def check_documents(conditions: Conditions, *, known_types: Collection[str]) -> None:
    """Refuse a product that asks for papers nobody can hand in.

    Raises:
        ProductIncomplete: It asks for a kind of paper that is not known here.
    """
    for document_type in conditions.required_documents:
        if document_type not in known_types:
            raise ProductIncomplete(f"The product asks for {document_type}, which is no kind of paper here.")


def refusals(conditions: Conditions, offered: Offered) -> tuple[DomainError, ...]:
    """Everything in which a loan departs from its product; what is not said yet departs from nothing."""
    limits = next((line for line in conditions.limits if line.currency is offered.currency), None)
    if limits is None:
        return (CurrencyNotOffered(f"This product is not lent in {offered.currency}."),)
    return (*_beyond(limits, offered), *_rate_beyond(conditions, offered.rate))


def installments_in(months: int, frequency: Frequency) -> int:
    """How many installments a term of so many months has, half an installment counting as a whole one."""
    return max(1, int(Decimal(months) * PERIODS_PER_YEAR[frequency] / _MONTHS + _HALF))


def fees_of(rules: Iterable[FeeRule], principal: Decimal, currency: Currency) -> tuple[Fee, ...]:
    """The fees of one loan; fixed ones in another currency do not apply, and percentages are rounded half up."""
    return tuple(
        Fee(
            rule.code,
            rule.value if rule.kind is FeeKind.FIXED else rounded(principal * rule.value / 100, currency),
            rule.timing,
        )
        for rule in rules
        if rule.currency in {None, currency}
    )


def _beyond(limits: Limits, offered: Offered) -> Iterator[DomainError]:
    amount, months = offered.amount, offered.months
    if amount is not None:
        if not limits.amount_min <= amount <= limits.amount_max:
            yield AmountOutsideProduct(
                f"This product is lent from {limits.amount_min} to {limits.amount_max} {limits.currency}."
            )
        if limits.guarantor_from is not None and amount >= limits.guarantor_from and not offered.has_guarantor:
            yield GuarantorNeeded(f"From {limits.guarantor_from} {limits.currency} on a guarantor is needed.")
        if limits.collateral_from is not None and amount >= limits.collateral_from and not offered.has_collateral:
            yield CollateralNeeded(f"From {limits.collateral_from} {limits.currency} on collateral is needed.")
    if months is not None and not limits.term_min <= months <= limits.term_max:
        yield TermOutsideProduct(f"This product is lent for {limits.term_min} to {limits.term_max} months.")


def _rate_beyond(conditions: Conditions, rate: Decimal | None) -> Iterator[DomainError]:
    if rate is not None and not conditions.rate_min <= rate <= conditions.rate_max:
        yield RateOutsideProduct(
            f"The rate of this product lies between {conditions.rate_min} and {conditions.rate_max} %."
        )


def _faults(conditions: Conditions) -> Iterator[str]:
    if not (conditions.limits and conditions.frequencies and conditions.methods):
        yield "A product says in which currencies, how often and by which methods it is lent."
    if _repeats([line.currency for line in conditions.limits]):
        yield "A product has one line of limits for each currency."
    for line in conditions.limits:
        if not (0 < line.amount_min <= line.amount_max and 1 <= line.term_min <= line.term_max):
            yield f"The limits in {line.currency} go from the lower to the higher, and begin above zero."
    if not conditions.rate_min <= conditions.rate_default <= conditions.rate_max:
        yield "The usual rate lies between the lowest and the highest."
    if conditions.interest_rounding is Rounding.CEILING:
        yield "Interest is not rounded up."
    if _repeats([(fee.code, fee.currency) for fee in conditions.fees]):
        yield "Each fee is named once for each currency."
    for fee in conditions.fees:
        yield from _faults_of(fee)
    yield from _loans_that_fees_eat_up(conditions)


def _loans_that_fees_eat_up(conditions: Conditions) -> Iterator[str]:
    for line in conditions.limits:
        fees = fees_of(conditions.fees, line.amount_min, line.currency)
        if sum(fee.amount for fee in fees if fee.timing is not FeeTiming.FINANCED) >= line.amount_min:
            yield f"The fees leave nothing of the smallest loan in {line.currency}."


def _faults_of(fee: FeeRule) -> Iterator[str]:
    if (fee.kind is FeeKind.FIXED) is (fee.currency is None):
        yield f"The fee {fee.code} is an amount in a currency, or a percentage in none."
    elif fee.currency is not None and off_quantum(fee.value, fee.currency):
        few = f"amounts in {fee.currency} are multiples of {QUANTUM[fee.currency]}"
        yield f"The fee {fee.code} cannot be paid: {few}."


def _repeats(things: Sequence[object]) -> bool:
    return len(set(things)) < len(things)
