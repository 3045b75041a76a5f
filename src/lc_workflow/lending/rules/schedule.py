"""What a loan costs and when: the rows of a repayment schedule, exact to the smallest coin."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from typing import Final

from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.business_days import BusinessDay, on_business_day

QUANTUM: Final = {Currency.USD: Decimal("0.01"), Currency.KHR: Decimal(100)}
"""The smallest amount that can be paid in each currency."""

EXACT: Final = Context(prec=50)
"""Enough digits that rounding errors stay below the rounding to the quantum."""


class Frequency(StrEnum):
    """How often an installment is due."""

    MONTHLY = "monthly"
    BIWEEKLY = "biweekly"
    WEEKLY = "weekly"
    DAILY = "daily"


PERIODS_PER_YEAR: Final = {
    Frequency.MONTHLY: 12,
    Frequency.BIWEEKLY: 26,
    Frequency.WEEKLY: 52,
    Frequency.DAILY: 365,
}
_LONGEST_MONTH: Final = 31
_DAYS: Final = {Frequency.BIWEEKLY: 14, Frequency.WEEKLY: 7, Frequency.DAILY: 1}


class Method(StrEnum):
    """How principal and interest are spread over the installments."""

    ANNUITY = "annuity"
    EQUAL_PRINCIPAL = "equal_principal"
    FLAT = "flat"
    BALLOON = "balloon"
    SEMI_BALLOON = "semi_balloon"
    ANNUITY_RESIDUAL = "annuity_residual"


class Rounding(StrEnum):
    """To which multiple of the quantum an amount is rounded."""

    HALF_UP = "HALF_UP"
    CEILING = "CEILING"
    FLOOR = "FLOOR"


_DECIMAL: Final = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.CEILING: ROUND_CEILING,
    Rounding.FLOOR: ROUND_FLOOR,
}


class DayCount(StrEnum):
    """How the part of a year between two due dates is calculated."""

    PERIODIC = "PERIODIC"
    ACT_365 = "ACT/365"
    ACT_360 = "ACT/360"
    THIRTY_E_360 = "30E/360"


class RoundingExhaustsPrincipal(Invalid):
    """Rounded installments would repay the loan before its last installment."""


class InstallmentBelowInterest(Invalid):
    """The rounded installment would not even pay the interest of its period."""


class NotAMultipleOfTheQuantum(Invalid):
    """The amount cannot be paid in existing coins and notes."""


class ImpossibleTerms(Invalid):
    """The terms contradict each other."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed; `annual_rate` in percent, `term` in installments, the dates only when they are known.

    `anchor_day` is the day of the month a monthly loan is due on, by default that of the first due date. A due date
    that is not a business day moves as `business_day` says, without moving the next.
    """

    currency: Currency
    principal: Decimal
    annual_rate: Decimal
    term: int
    frequency: Frequency
    method: Method
    principal_grace: int = 0
    principal_every: int = 1
    residual: Decimal = Decimal(0)
    installment_rounding: Rounding = Rounding.HALF_UP
    interest_rounding: Rounding = Rounding.HALF_UP
    disbursed_on: date | None = None
    first_due_on: date | None = None
    anchor_day: int | None = None
    day_count: DayCount = DayCount.PERIODIC
    business_day: BusinessDay = BusinessDay.NONE
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Installment:
    """One row: what is due, and what is owed afterwards."""

    number: int
    due_on: date | None
    principal: Decimal
    interest: Decimal
    balance: Decimal

    @property
    def total(self) -> Decimal:
        """What the borrower pays."""
        return self.principal + self.interest


def rounded(amount: Decimal, currency: Currency, rounding: Rounding = Rounding.HALF_UP) -> Decimal:
    """The multiple of the currency's quantum that is paid for `amount`."""
    quantum = QUANTUM[currency]
    return (amount / quantum).quantize(Decimal(1), rounding=_DECIMAL[rounding]) * quantum


def schedule(terms: Terms) -> tuple[Installment, ...]:
    """Exactly `term` rows whose principals add up to the loan; the last one carries the rounding.

    Raises `NotAMultipleOfTheQuantum`, `ImpossibleTerms`, `RoundingExhaustsPrincipal`, `InstallmentBelowInterest`.
    """
    with localcontext(EXACT):
        _check_amounts(terms)
        _check_dates(terms)
        dues = _paid_on(terms, due_dates(terms))
        rate = terms.annual_rate / 100 / PERIODS_PER_YEAR[terms.frequency]
        level = _level(terms, rate)
        rows: list[Installment] = []
        balance = terms.principal
        for number in range(1, terms.term + 1):
            owed = terms.principal if terms.method is Method.FLAT else balance
            interest = rounded(owed * _rate_of(terms, rate, dues, number), terms.currency, terms.interest_rounding)
            principal = balance if number == terms.term else _principal(terms, number, level, interest)
            if number < terms.term and principal >= balance:
                raise RoundingExhaustsPrincipal(
                    f"Rounding would repay the loan at installment {number} of {terms.term}."
                )
            balance -= principal
            rows.append(Installment(number, dues[number - 1] if dues else None, principal, interest, balance))
        return tuple(rows)


def due_dates(terms: Terms) -> tuple[date, ...]:
    """When each installment would be due if every day were a business day; nothing without a first due date.

    Months are counted from the first due date and end on the anchor day, or on the month's last day if it is shorter.
    """
    first = terms.first_due_on
    if first is None:
        return ()
    try:
        if terms.frequency is not Frequency.MONTHLY:
            return tuple(first + timedelta(days=_DAYS[terms.frequency] * k) for k in range(terms.term))
        return tuple(_month_after(first, k, terms.anchor_day or first.day) for k in range(terms.term))
    except (OverflowError, ValueError) as never:
        raise ImpossibleTerms("The last installment would be due after the calendar ends.") from never


def usual_dues(
    disbursed_on: date | None, first_due_on: date | None, anchor_day: int | None, frequency: Frequency
) -> tuple[date | None, int | None]:
    """The first due date and the anchor day, derived from the day of disbursement where nothing else is agreed.

    The first installment is due one period after it, and those of a monthly loan on its day of the month: paid out on
    31 January, on 28 February and on 31 March.

    Raises:
        ImpossibleTerms: The calendar ends before.
    """
    if disbursed_on is None or first_due_on is not None:
        return first_due_on, anchor_day
    anchor_day = anchor_day or disbursed_on.day
    try:
        if frequency is Frequency.MONTHLY:
            return _month_after(disbursed_on, 1, anchor_day), anchor_day
        return disbursed_on + timedelta(days=_DAYS[frequency]), anchor_day
    except (OverflowError, ValueError) as never:
        raise ImpossibleTerms("The first installment would be due after the calendar ends.") from never


def _paid_on(terms: Terms, dues: tuple[date, ...]) -> tuple[date, ...]:
    """Move due dates to business days; the interest of a period then runs until the moved day."""
    try:
        paid_on = tuple(on_business_day(due, terms.business_day, terms.holidays) for due in dues)
    except OverflowError as never:
        raise ImpossibleTerms("There is no business day near a due date before the calendar ends.") from never
    if paid_on and terms.disbursed_on and paid_on[0] <= terms.disbursed_on:
        raise ImpossibleTerms("Moved to a business day, the first installment is not after the disbursement any more.")
    return paid_on


def off_quantum(amount: Decimal, currency: Currency) -> list[NotAMultipleOfTheQuantum]:
    """What speaks against an amount that nobody can pay: it is not a multiple of the smallest note or coin."""
    if not amount % QUANTUM[currency]:
        return []
    return [NotAMultipleOfTheQuantum(f"Amounts in {currency} are multiples of {QUANTUM[currency]}.")]


def _check_amounts(terms: Terms) -> None:
    for amount in (terms.principal, terms.residual):
        for refusal in off_quantum(amount, terms.currency):
            raise refusal
    if terms.principal <= 0 or terms.term < 1 or terms.annual_rate < 0:
        raise ImpossibleTerms("Principal and term are above zero, and the rate is not below it.")
    if not 0 <= terms.principal_grace < terms.term or terms.principal_every < 1:
        raise ImpossibleTerms("The grace on the principal is shorter than the term.")
    if terms.method is Method.ANNUITY_RESIDUAL:
        if not 0 < terms.residual < terms.principal:
            raise ImpossibleTerms("The residual lies between zero and the principal.")
    elif terms.residual:
        raise ImpossibleTerms("Only an annuity with a residual leaves one.")


def _check_dates(terms: Terms) -> None:
    if terms.anchor_day is not None and not 1 <= terms.anchor_day <= _LONGEST_MONTH:
        raise ImpossibleTerms("The anchor is a day of a month.")
    dated = terms.disbursed_on is not None and terms.first_due_on is not None
    if terms.day_count is not DayCount.PERIODIC and not dated:
        raise ImpossibleTerms("Counting days needs the day of disbursement and the first due date.")
    if terms.disbursed_on and terms.first_due_on and terms.first_due_on <= terms.disbursed_on:
        raise ImpossibleTerms("The first installment is due after the disbursement.")


def _level(terms: Terms, rate: Decimal) -> Decimal:
    """The part that is the same in every row: the whole installment of an annuity, else the principal."""
    paying = terms.term - terms.principal_grace
    if terms.method in {Method.ANNUITY, Method.ANNUITY_RESIDUAL}:
        discount = (1 + rate) ** -paying
        spread = terms.principal - terms.residual * discount
        exact = spread * rate / (1 - discount) if rate else (terms.principal - terms.residual) / paying
    elif terms.method is Method.SEMI_BALLOON:
        exact = terms.principal / -(-paying // terms.principal_every)
    else:
        exact = terms.principal / paying
    return rounded(exact, terms.currency, terms.installment_rounding)


def _principal(terms: Terms, number: int, level: Decimal, interest: Decimal) -> Decimal:
    """The principal in a row before the last."""
    paying = number - terms.principal_grace
    if paying <= 0 or terms.method is Method.BALLOON:
        return Decimal(0)
    if terms.method is Method.SEMI_BALLOON:
        return Decimal(0) if paying % terms.principal_every else level
    if terms.method in {Method.ANNUITY, Method.ANNUITY_RESIDUAL}:
        if interest > level:
            raise InstallmentBelowInterest(f"Installment {number} would not pay its own interest.")
        return level - interest
    return level


def _rate_of(terms: Terms, periodic: Decimal, dues: tuple[date, ...], number: int) -> Decimal:
    """The interest of one period per unit of money, never rounded."""
    begin = dues[number - 2] if number > 1 and dues else terms.disbursed_on
    if terms.day_count is DayCount.PERIODIC or begin is None:
        return periodic
    end = dues[number - 1]
    if terms.day_count is DayCount.THIRTY_E_360:
        months = (end.year - begin.year) * 12 + end.month - begin.month
        days, year = months * 30 + min(end.day, 30) - min(begin.day, 30), 360
    else:
        days, year = (end - begin).days, 365 if terms.day_count is DayCount.ACT_365 else 360
    return terms.annual_rate / 100 * days / year


def _month_after(first: date, months: int, anchor: int) -> date:
    if not months:
        return first
    years, month = divmod(first.month - 1 + months, 12)
    year = first.year + years
    return date(year, month + 1, min(anchor, monthrange(year, month + 1)[1]))
