"""Reckoning loans, and holding them against their product and the law: nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

import msgspec
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import String, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.errors import DomainError, FieldError, Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.jurisdictions.service import LATEST_USE, NONE, JurisdictionService
from lc_workflow.lending.products.models import ProductVersion
from lc_workflow.lending.quotes.schemas import ApplicationQuoteRequest, QuoteRequest
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.jurisdiction import Profile
from lc_workflow.lending.rules.products import Conditions, Offered, fees_of, installments_in, refusals
from lc_workflow.lending.rules.quoting import Fee, Quote, Warned, held_to_the_law, quote, warnings_under
from lc_workflow.lending.rules.schedule import DayCount, Frequency, Method, Rounding, Terms, period_after
from lc_workflow.organization.hours.service import calendars
from lc_workflow.platform.service import Service


class TermsMissing(Invalid):
    """A loan cannot be reckoned before it is said how much is lent, for how long, and how it is repaid."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The terms at stake: the amount in the application's currency, the term in months, the rate in percent a year."""

    amount: Decimal | None
    months: int | None
    rate: Decimal | None

    @classmethod
    def requested(cls, application: CustomerApplication) -> Self:
        """What the customer asked for."""
        return cls(application.requested_amount, application.desired_loan_term, application.interest_rate)

    @classmethod
    def approved(cls, application: CustomerApplication) -> Self:
        """What was approved."""
        return cls(application.approved_amount, application.approved_loan_term, application.approved_interest_rate)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a loan is judged by: what its product said when it was begun, whose law is followed, what stands behind it.

    `collateral` are the kinds of what is pledged, in the application's words.
    """

    conditions: Conditions | None
    code: str
    has_guarantor: bool
    has_collateral: bool
    collateral: tuple[str, ...]


class QuoteService(Service[CustomerApplication]):
    """What loans cost, and what keeps them from being made."""

    class Repo(SQLAlchemyAsyncRepository[CustomerApplication]):
        """Applications as rows."""

        model_type = CustomerApplication

    repository_type = Repo
    noun = "application"

    def __init__(self, session: AsyncSession) -> None:
        """Open the service on the request's session."""
        super().__init__(session)
        self._jurisdictions = JurisdictionService(session)

    async def reckon(self, wish: QuoteRequest, *, at: datetime) -> tuple[Quote, tuple[Warned, ...]]:
        """Reckon a loan that belongs to no application, with what there is to mind.

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
        """Reckon the loan of an application; what the wish leaves out is as the application and its product say.

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
        grounds = await self._grounds(application)
        asked = Asked.requested(application) if application.approved_amount is None else Asked.approved(application)
        closed = await self._closed(application, grounds, wish)
        terms, fees = _terms(application, grounds.conditions, asked, wish, today=_day(at), closed=closed)
        if grounds.conditions:
            offered = _offered(terms.currency, _changed(asked, wish), grounds)
            for refusal in _beyond_product(grounds.conditions, offered, terms):
                raise refusal
        law = await self._law(grounds, at=at)
        reckoned = quote(terms, fees)
        for refusal in held_to_the_law(reckoned, law, grounds.collateral):
            raise refusal
        return reckoned, warnings_under(reckoned, law)

    async def reckoned(self, application: CustomerApplication, asked: Asked, *, at: datetime) -> Quote:
        """Reckon an application's loan on some terms, whatever the law says.

        Raises:
            TermsMissing, NotAMultipleOfTheQuantum, ImpossibleTerms, RoundingExhaustsPrincipal,
            InstallmentBelowInterest, FeesExhaustPrincipal, NoRate: It cannot be reckoned.
        """
        return await self._reckoned(application, await self._grounds(application), asked, at=at)

    async def obstacles(self, application: CustomerApplication, asked: Asked, *, at: datetime) -> list[DomainError]:
        """List what the product and the law have against a loan on these terms; empty when it may be made.

        Where a law is followed, a loan that cannot be reckoned is held up: what cannot be checked is not lawful.
        """
        grounds = await self._grounds(application)
        found: list[DomainError] = []
        if grounds.conditions:
            found += refusals(grounds.conditions, _offered(application.currency, asked, grounds))
        if grounds.code != NONE:
            law = await self._law(grounds, at=at)
            try:
                found += held_to_the_law(
                    await self._reckoned(application, grounds, asked, at=at), law, grounds.collateral
                )
            except DomainError as refusal:
                found.append(refusal)
        return found

    async def _grounds(self, application: CustomerApplication) -> Grounds:
        """Load in one statement what an application's loan is judged by."""
        version = select(ProductVersion.document).where(ProductVersion.id == application.product_version_id)
        guarantors = exists().where(Party.application_id == application.id, Party.role == PartyRole.GUARANTOR)
        pledged = (
            select(func.coalesce(Collateral.kind, ""))
            .where(Collateral.application_id == application.id)
            .order_by(Collateral.position)
        )
        row = await self.session.execute(
            select(
                version.scalar_subquery(),
                LATEST_USE.scalar_subquery(),
                guarantors,
                func.array(pledged.scalar_subquery(), type_=ARRAY(String)),
            )
        )
        document, code, has_guarantor, kinds = row.one()
        return Grounds(
            conditions=None if document is None else msgspec.convert(document, Conditions),
            code=code or NONE,
            has_guarantor=has_guarantor,
            has_collateral=bool(kinds),
            collateral=tuple(filter(None, kinds)),
        )

    async def _reckoned(
        self, application: CustomerApplication, grounds: Grounds, asked: Asked, *, at: datetime
    ) -> Quote:
        wish = ApplicationQuoteRequest()
        closed = await self._closed(application, grounds, wish)
        return quote(*_terms(application, grounds.conditions, asked, wish, today=_day(at), closed=closed))

    async def _closed(
        self, application: CustomerApplication, grounds: Grounds, wish: ApplicationQuoteRequest
    ) -> frozenset[date]:
        """The holidays that move due dates: those of the wish, else those of the branch; none where nothing moves."""
        rule = wish.business_day or (grounds.conditions.business_day if grounds.conditions else BusinessDay.NONE)
        if wish.holidays is not None or rule is BusinessDay.NONE:
            return frozenset(wish.holidays or ())
        branch = application.branch_id
        return (await calendars(self.session, [branch], since=date.min))[branch].holidays

    async def _law(self, grounds: Grounds, *, at: datetime) -> Profile:
        return Profile(NONE) if grounds.code == NONE else await self._jurisdictions.law(at=at)


class RepaymentNotOffered(Invalid):
    """The product is not repaid this often, or not by this method."""


def _beyond_product(conditions: Conditions, offered: Offered, terms: Terms) -> Iterator[DomainError]:
    yield from refusals(conditions, offered)
    if terms.frequency not in conditions.frequencies or terms.method not in conditions.methods:
        yield RepaymentNotOffered("This product is repaid in other installments; see its frequencies and methods.")


def _offered(currency: Currency, asked: Asked, grounds: Grounds) -> Offered:
    return Offered(
        currency,
        asked.amount,
        asked.months,
        asked.rate,
        has_guarantor=grounds.has_guarantor,
        has_collateral=grounds.has_collateral,
    )


def _changed(asked: Asked, wish: ApplicationQuoteRequest) -> Asked:
    """The terms at stake with what the wish says otherwise; a term in installments is judged by its schedule alone."""
    return Asked(
        asked.amount if wish.principal is None else wish.principal,
        asked.months if wish.term is None else None,
        asked.rate if wish.annual_rate is None else wish.annual_rate,
    )


def _terms(
    application: CustomerApplication,
    conditions: Conditions | None,
    asked: Asked,
    wish: ApplicationQuoteRequest,
    *,
    today: date,
    closed: frozenset[date],
) -> tuple[Terms, tuple[Fee, ...]]:
    """Put together what is said: by the wish, by the application, by its product."""
    currency = wish.currency or application.currency
    principal = asked.amount if wish.principal is None else wish.principal
    usual = conditions.rate_default if conditions else None
    rate = next((rate for rate in (wish.annual_rate, asked.rate, usual) if rate is not None), None)
    frequency = wish.frequency or (conditions.frequencies[0] if conditions else None)
    method = wish.method or (conditions.methods[0] if conditions else Method.ANNUITY)
    term = wish.term or (installments_in(asked.months, frequency) if asked.months and frequency else None)
    if principal is None or rate is None or frequency is None or term is None:
        raise _too_little(principal=principal, rate=rate, frequency=frequency, term=term)
    day_count = wish.day_count or (conditions.day_count if conditions else DayCount.PERIODIC)
    disbursed_on = wish.disbursed_on or application.requested_disbursement_date
    if disbursed_on is None and (day_count is not DayCount.PERIODIC or wish.first_due_on):
        disbursed_on = today
    first_due_on = wish.first_due_on or (period_after(disbursed_on, frequency) if disbursed_on else None)
    said = conditions or _PLAIN
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
        anchor_day=wish.anchor_day,
        day_count=day_count,
        business_day=wish.business_day or said.business_day,
        holidays=closed,
    )
    fees = wish.agreed_fees() if wish.fees is not None else fees_of(said.fees, principal, currency)
    return terms, fees


_PLAIN = Conditions((), (), (), Decimal(0), Decimal(0), Decimal(0))
"""What an application without a product is reckoned with: roundings and days as they are usual."""


def _too_little(*, principal: object, rate: object, frequency: Frequency | None, term: object) -> TermsMissing:
    fields = {
        "requested_amount": principal,
        "interest_rate": rate,
        "product_type": frequency,
        "desired_loan_term": term or not frequency,
    }
    missing = [name for name, value in fields.items() if value is None]
    return TermsMissing(
        f"Fill in {' and '.join(missing)} before the loan is reckoned.",
        errors=tuple(FieldError(name, "is needed to reckon the loan") for name in missing),
    )


def _day(at: datetime) -> date:
    return at.astimezone(PHNOM_PENH).date()
