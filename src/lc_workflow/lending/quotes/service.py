"""Calculating loans, and checking them against their product and the law; nothing is written."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Date, Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import DomainError, FieldError, Invalid, Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.jurisdictions.service import NONE, JurisdictionService
from lc_workflow.lending.quotes.queries import Grounds, read_grounds, with_grounds
from lc_workflow.lending.quotes.schemas import ApplicationQuoteRequest, QuoteRequest
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.loan_terms import LoanTerms
from lc_workflow.lending.rules.products import Conditions, Offered, fees_of, installments_in, refusals
from lc_workflow.lending.rules.quoting import Fee, Quote, Warned, held_to_the_law, quote, warnings_under
from lc_workflow.lending.rules.schedule import DayCount, Frequency, Method, Rounding, Terms, off_quantum, usual_dues
from lc_workflow.lending.rules.stages import CLOSED, Stage
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.service import Service


class TermsMissing(Invalid):
    """A loan cannot be calculated without its amount, its term and how it is repaid."""


class QuoteService(Service[CustomerApplication]):
    """What loans cost, and what forbids them."""

    noun = "application"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._jurisdictions = JurisdictionService(session)

    async def reckon(self, wish: QuoteRequest, *, at: datetime) -> tuple[Quote, tuple[Warned, ...]]:
        """Calculate a loan that belongs to no application, with warnings.

        Raises:
            NotAMultipleOfTheQuantum, ImpossibleTerms, RoundingExhaustsPrincipal, InstallmentBelowInterest,
            FeesExhaustPrincipal, NoRate: See `rules.quoting.quote`.
            FlatMethodProhibited, RateCapExceeded: The law that is followed forbids it.
        """
        law = await self._jurisdictions.law(at=at)
        reckoned = quote(wish.terms(), wish.agreed_fees())
        for refusal in held_to_the_law(reckoned, law):
            raise refusal
        return reckoned, warnings_under(reckoned, law)

    async def of(
        self, application_id: UUID, wish: ApplicationQuoteRequest, *, principal: Principal, at: datetime
    ) -> tuple[Quote, tuple[Warned, ...]]:
        """Calculate the loan of an application; the application and its product fill in what the wish leaves out.

        A loan already paid out is shown as it is, whatever product and law say by now.

        Raises:
            Missing: There is no such application, or the person may not see it.
            TermsMissing: Too little is said.
            NotAMultipleOfTheQuantum, ImpossibleTerms, RoundingExhaustsPrincipal, InstallmentBelowInterest,
            FeesExhaustPrincipal, NoRate: See `rules.quoting.quote`.
            FlatMethodProhibited, RateCapExceeded, CollateralProhibited: The law that is followed forbids it.
            CurrencyNotOffered, AmountOutsideProduct, TermOutsideProduct, RateOutsideProduct, GuarantorNeeded,
            CollateralNeeded, RepaymentNotOffered: The product does not allow it.
        """
        application = await self.find(visible_to(principal), id=application_id)
        grounds = await self._grounds(application, at=at)
        asked = application.at_stake
        terms, fees = _terms(application, grounds, asked, wish, today=local_day(at))
        if application.workflow_status is Stage.DISBURSED and wish == ApplicationQuoteRequest():
            return (paid := quote(terms, fees)), warnings_under(paid, grounds.law)
        if grounds.conditions:
            offered = _offered(terms.currency, _changed(asked, wish), grounds)
            for refusal in _beyond_product(grounds.conditions, offered, terms):
                raise refusal
        reckoned = quote(terms, fees)
        for refusal in held_to_the_law(reckoned, grounds.law, grounds.collateral):
            raise refusal
        return reckoned, warnings_under(reckoned, grounds.law)

    async def reckoned(self, application: CustomerApplication, asked: LoanTerms, *, at: datetime) -> Quote:
        """Calculate an application's loan on some terms, without checking the law.

        Raises:
            TermsMissing, NotAMultipleOfTheQuantum, ImpossibleTerms, RoundingExhaustsPrincipal,
            InstallmentBelowInterest, FeesExhaustPrincipal, NoRate: It cannot be reckoned.
        """
        return _reckoned(application, await self._grounds(application, at=at), asked, at=at)

    async def end_of(self, application: CustomerApplication, *, at: datetime) -> date | None:
        """The day of a paid-out loan's last installment; None where it cannot be calculated."""
        try:
            return (await self.reckoned(application, application.approved, at=at)).installments[-1].due_on
        except DomainError:
            return None

    async def fees(self, application: CustomerApplication, asked: LoanTerms, *, at: datetime) -> tuple[Fee, ...]:
        """The fees of an application's loan on some terms.

        Without a product or a term there are none: no quote can be given, so nobody has agreed to a fee.
        """
        conditions = (await self._grounds(application, at=at)).conditions
        if conditions is None or asked.amount is None or asked.term is None:
            return ()
        return fees_of(conditions.fees, asked.amount, application.currency)

    async def _grounds(self, application: CustomerApplication, *, at: datetime) -> Grounds:
        """Load in one statement what an application's loan is checked against."""
        await self.session.flush()
        day = local_day(at)
        row = await _GROUNDS.one(self.session, application_id=application.id, on=day)
        if row is None:
            raise Missing("This application was thrown away just now.")
        return read_grounds(row)


_GROUNDS: Final = Written(
    with_grounds(select(CustomerApplication.id), on=bindparam("on", type_=Date)).where(
        CustomerApplication.id == bindparam("application_id", type_=Uuid)
    )
)


def obstacles_to(
    application: CustomerApplication, asked: LoanTerms, grounds: Grounds, *, at: datetime
) -> list[DomainError]:
    """List what the product, the smallest coin and the law have against a loan on these terms; empty if nothing.

    Where a law is followed, a loan that cannot be calculated is refused, because it cannot be checked.
    """
    found: list[DomainError] = []
    if grounds.conditions:
        found += refusals(grounds.conditions, _offered(application.currency, asked, grounds))
    if grounds.code == NONE:
        found += off_quantum(asked.amount or Decimal(0), application.currency)
    else:
        try:
            reckoned = _reckoned(application, grounds, asked, at=at)
            found += held_to_the_law(reckoned, grounds.law, grounds.collateral)
        except DomainError as refusal:
            found.append(refusal)
    return found


def _reckoned(application: CustomerApplication, grounds: Grounds, asked: LoanTerms, *, at: datetime) -> Quote:
    return quote(*_terms(application, grounds, asked, ApplicationQuoteRequest(), today=local_day(at)))


class RepaymentNotOffered(Invalid):
    """The product is not repaid with this frequency or by this method."""


def _beyond_product(conditions: Conditions, offered: Offered, terms: Terms) -> Iterator[DomainError]:
    yield from refusals(conditions, offered)
    if terms.frequency not in conditions.frequencies or terms.method not in conditions.methods:
        yield RepaymentNotOffered("This product is repaid in other installments; see its frequencies and methods.")


def _offered(currency: Currency, asked: LoanTerms, grounds: Grounds) -> Offered:
    return Offered(
        currency,
        asked.amount,
        asked.term,
        asked.interest_rate,
        has_guarantor=grounds.has_guarantor,
        has_collateral=grounds.has_collateral,
    )


def _changed(asked: LoanTerms, wish: ApplicationQuoteRequest) -> LoanTerms:
    """The terms on offer with the wish's changes; a term in installments is checked by its schedule alone."""
    return LoanTerms(
        amount=asked.amount if wish.principal is None else wish.principal,
        term=asked.term if wish.term is None else None,
        interest_rate=asked.interest_rate if wish.annual_rate is None else wish.annual_rate,
    )


def _terms(
    application: CustomerApplication, grounds: Grounds, asked: LoanTerms, wish: ApplicationQuoteRequest, *, today: date
) -> tuple[Terms, tuple[Fee, ...]]:
    """Combine the terms: from the wish, else from the application, else from its product."""
    conditions = grounds.conditions
    currency = wish.currency or application.currency
    principal = wish.principal
    if principal is None and currency is application.currency:
        principal = asked.amount
    rate = grounds.rate(wish.annual_rate, asked.interest_rate)
    frequency = wish.frequency or (conditions.frequencies[0] if conditions else None)
    method = wish.method or (conditions.methods[0] if conditions else Method.ANNUITY)
    term = wish.term or (installments_in(asked.term, frequency) if asked.term and frequency else None)
    if principal is None or rate is None or frequency is None or term is None:
        # With another currency than the application's, only the amount asked for makes sense.
        amount = "requested_amount" if currency is application.currency else "principal"
        raise _too_little(amount, principal=principal, rate=rate, frequency=frequency, term=wish.term or asked.term)
    day_count = wish.day_count or (conditions.day_count if conditions else DayCount.PERIODIC)
    disbursed_on = wish.disbursed_on or _begins_on(application, today=today)
    if disbursed_on is None and (day_count is not DayCount.PERIODIC or wish.first_due_on):
        disbursed_on = today
    first_due_on, anchor_day = usual_dues(disbursed_on, wish.first_due_on, wish.anchor_day, frequency)
    said = conditions or _PLAIN
    business_day = wish.business_day or said.business_day
    closed = () if business_day is BusinessDay.NONE else grounds.holidays
    terms = Terms(
        currency=currency,
        principal=principal,
        annual_rate=rate,
        term=term,
        frequency=frequency,
        method=method,
        principal_grace=wish.principal_grace or 0,
        principal_every=wish.principal_every or 1,
        residual=wish.residual or Decimal(0),
        installment_rounding=wish.installment_rounding or said.installment_rounding,
        interest_rounding=Rounding(wish.interest_rounding or said.interest_rounding),
        disbursed_on=disbursed_on,
        first_due_on=first_due_on,
        anchor_day=anchor_day,
        day_count=day_count,
        business_day=business_day,
        holidays=frozenset(closed if wish.holidays is None else wish.holidays),
    )
    fees = wish.agreed_fees() if wish.fees is not None else fees_of(said.fees, principal, currency)
    return terms, fees


def _begins_on(application: CustomerApplication, *, today: date) -> date | None:
    """The day a loan was paid out; before that, the day wished for, or today when that has passed."""
    stage, wished_for = application.workflow_status, application.requested_disbursement_date
    if stage is Stage.DISBURSED and application.loan_start_date is not None:
        return application.loan_start_date
    if wished_for is None or (stage in CLOSED and stage is not Stage.APPROVED):
        return wished_for
    return max(wished_for, today)


_PLAIN = Conditions((), (), (), Decimal(0), Decimal(0), Decimal(0))
"""The terms of an application without a product: the usual rounding and day count."""


def _too_little(
    amount: str, *, principal: object, rate: object, frequency: Frequency | None, term: object
) -> TermsMissing:
    fields = {
        amount: principal,
        "interest_rate": rate,
        "product_type": frequency,
        "desired_loan_term": term,
    }
    missing = [name for name, value in fields.items() if value is None]
    return TermsMissing(
        f"Fill in {' and '.join(missing)} before the loan is reckoned.",
        errors=tuple(FieldError(name, "is needed to reckon the loan") for name in missing),
    )
