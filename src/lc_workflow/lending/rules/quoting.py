"""What a borrower is told before they sign: every installment, the cost with all fees, and warnings."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from hashlib import sha256
from statistics import median
from typing import Any, Final

from lc_workflow.kernel.errors import DomainError, Invalid
from lc_workflow.lending.rules.apr import YearlyCost, dated_yearly_cost, yearly_cost
from lc_workflow.lending.rules.jurisdiction import Offer, Profile, fees_lift_above_the_ceiling, refusals
from lc_workflow.lending.rules.schedule import (
    EXACT,
    PERIODS_PER_YEAR,
    QUANTUM,
    Installment,
    NotAMultipleOfTheQuantum,
    Terms,
    schedule,
)

_FOUR: Final = Decimal("0.0001")
_CENTS: Final = Decimal("0.01")
_TWICE: Final = 2


class FeeTiming(StrEnum):
    """How a fee is charged: kept back from the disbursement, paid separately, or added to the loan."""

    DEDUCTED = "deducted"
    PAID = "paid"
    FINANCED = "financed"


class FeesExhaustPrincipal(Invalid):
    """The fees leave nothing of the loan."""


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in the loan's currency."""

    code: str
    amount: Decimal
    timing: FeeTiming


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that prevents nothing; `code` is its stable name."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A calculated loan: `terms` are those of the schedule, `principal` is what was asked for without financed fees.

    `cost` is the yearly cost with all fees, `interest_alone` without any.
    """

    principal: Decimal
    terms: Terms
    fees: tuple[Fee, ...]
    installments: tuple[Installment, ...]
    cost: YearlyCost
    interest_alone: YearlyCost
    warnings: tuple[Warned, ...] = ()

    @property
    def interest(self) -> Decimal:
        """All interest."""
        return sum((row.interest for row in self.installments), Decimal(0))

    @property
    def fee_total(self) -> Decimal:
        """All fees, however they are charged."""
        return sum((fee.amount for fee in self.fees), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What the borrower pays in all: principal, interest and fees."""
        return self.principal + self.interest + self.fee_total

    @property
    def hash(self) -> str:
        """The SHA-256 of everything agreed and calculated: equal hashes mean equal quotes."""
        told = {
            "terms": asdict(self.terms) | {"holidays": sorted(day.isoformat() for day in self.terms.holidays)},
            "fees": [asdict(fee) for fee in self.fees],
            "installments": [asdict(row) for row in self.installments],
            "cost": [percent(self.cost.nominal), percent(self.cost.effective)],
        }
        return sha256(json.dumps(told, sort_keys=True, default=_written).encode()).hexdigest()

    def offer(self, collateral: Iterable[str] = ()) -> Offer:
        """The loan as the law sees it."""
        return Offer(
            self.terms.method,
            self.terms.annual_rate,
            percent(self.interest_alone.nominal),
            percent(self.cost.nominal),
            collateral,
        )


def quote(terms: Terms, fees: Sequence[Fee] = ()) -> Quote:
    """Calculate a loan with its fees; its flows are dated when both the disbursement and the first due date are known.

    Raises:
        NotAMultipleOfTheQuantum, ImpossibleTerms, RoundingExhaustsPrincipal, InstallmentBelowInterest: See `schedule`.
        FeesExhaustPrincipal: Nothing would be left of the loan.
        NoRate: The loan has no yearly rate that could be told.
    """
    for fee in fees:
        if fee.amount % QUANTUM[terms.currency]:
            raise NotAMultipleOfTheQuantum(f"Fees in {terms.currency} are multiples of {QUANTUM[terms.currency]}.")
    financed = _sum(fees, FeeTiming.FINANCED)
    received = terms.principal - kept_back(fees) - _sum(fees, FeeTiming.PAID)
    if fees and received <= 0:
        raise FeesExhaustPrincipal("The fees are as large as the loan itself.")
    lent = replace(terms, principal=terms.principal + financed)
    rows = schedule(lent)
    cost = _cost(lent, received, rows)
    alone = cost if not fees else _cost(lent, lent.principal, rows)
    return Quote(terms.principal, lent, tuple(fees), rows, cost, alone, tuple(_warnings(rows)))


def kept_back(fees: Iterable[Fee]) -> Decimal:
    """The part of the fees that is deducted from the payment."""
    return _sum(fees, FeeTiming.DEDUCTED)


def held_to_the_law(reckoned: Quote, profile: Profile, collateral: Iterable[str] = ()) -> tuple[DomainError, ...]:
    """Everything the law has against a quoted loan; nothing when it is lawful."""
    return refusals(profile, reckoned.offer(collateral))


def warnings_under(reckoned: Quote, profile: Profile) -> tuple[Warned, ...]:
    """The warnings about a quote, with those that the local law adds."""
    if not fees_lift_above_the_ceiling(profile, reckoned.offer()):
        return reckoned.warnings
    lifted = Warned(
        "AprWithFeesAboveCap",
        f"With its fees the loan costs more a year than the ceiling of {profile.rate_ceiling} % on its rate.",
    )
    return (lifted, *reckoned.warnings)


def balloons(rows: Sequence[Installment]) -> tuple[int, ...]:
    """The numbers of the installments above twice the median: the borrower must know where that money comes from."""
    if not rows:
        return ()
    middle = median(row.total for row in rows)
    return tuple(row.number for row in rows if row.total > _TWICE * middle)


def percent(rate: Decimal) -> Decimal:
    """A rate as percent with four decimals."""
    with localcontext(EXACT):
        return (rate * 100).quantize(_FOUR)


def payable(amount: Decimal, terms: Terms) -> Decimal:
    """An amount with the decimals of its currency."""
    return amount.quantize(max(_CENTS, min(QUANTUM[terms.currency], Decimal(1))))


def _warnings(rows: Sequence[Installment]) -> Iterator[Warned]:
    if large := balloons(rows):
        numbers = ", ".join(map(str, large[:5]))
        yield Warned("BalloonSourceRequired", f"More than twice the usual is due with installment {numbers}.")
    days = [row.due_on for row in rows if row.due_on]
    if len(set(days)) < len(days):
        yield Warned("InstallmentsShareADay", "Weekends and holidays make several installments due on one day.")


def _cost(terms: Terms, received: Decimal, rows: Sequence[Installment]) -> YearlyCost:
    periods = PERIODS_PER_YEAR[terms.frequency]
    if terms.disbursed_on is None or terms.first_due_on is None:
        return yearly_cost(received, [row.total for row in rows], periods)
    flows = [(row.due_on, row.total) for row in rows if row.due_on]
    return dated_yearly_cost(received, terms.disbursed_on, flows, periods)


def _sum(fees: Iterable[Fee], timing: FeeTiming) -> Decimal:
    return sum((fee.amount for fee in fees if fee.timing is timing), Decimal(0))


def _written(value: Any) -> str:
    """Write a value the same way in whatever form it came: 1000 and 1000.00 are one amount."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
