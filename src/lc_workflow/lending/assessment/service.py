"""Writing down what a household earns, spends and owes, and judging whether it can repay."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.kernel.errors import DomainError, Forbidden, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import permissions_for
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.assessment.access import ASSESS, visible_to
from lc_workflow.lending.assessment.models import Affordability, AssessmentPolicy, FinancialLine
from lc_workflow.lending.assessment.schemas import (
    AffordabilityAnswer,
    Exposure,
    FinancialLineWish,
    PolicyBody,
    RateUsed,
)
from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.events import AffordabilityAssessed, AssessmentPolicySet, FinancialsRecorded
from lc_workflow.lending.exchange_rates.service import ExchangeRateService
from lc_workflow.lending.quotes.service import QuoteService
from lc_workflow.lending.rules.affordability import (
    Assessment,
    Line,
    Policy,
    Proposed,
    Rates,
    assess,
    check_policy,
    in_figures,
)
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.editing import check_edit, check_open
from lc_workflow.lending.rules.loan_terms import LoanTerms
from lc_workflow.lending.rules.quoting import Quote
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.search import among
from lc_workflow.platform.service import Service


class NotYourVerification(Forbidden):
    """People verify a line in their own name only."""


class NoSuchPaper(Invalid):
    """The paper that a line names does not belong to this application."""


class NotYourAssessment(Forbidden):
    """Assessing is for those who work on the application."""


class AssessmentService(Service[CustomerApplication]):
    """What households can afford."""

    noun = "application"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._quotes = QuoteService(session)
        self._rates = ExchangeRateService(session)

    async def financials(self, application_id: UUID, *, principal: Principal) -> Sequence[FinancialLine]:
        """List an application's incomes, expenses and debts.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self.find(visible_to(principal), id=application_id)
        return await self._lines(application_id)

    async def record(
        self,
        application_id: UUID,
        wishes: Sequence[FinancialLineWish],
        *,
        expected_version: int | None,
        principal: Principal,
        at: datetime,
    ) -> Sequence[FinancialLine]:
        """Make exactly these lines the application's; writing the same ones again changes nothing.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: They are closed where it stands, or for this person.
            NotYourVerification: A line would be verified in somebody else's name.
            NoSuchPaper: A line names a paper of something else.
        """
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            check_version(expected_version, application.version)
            check_edit({"financials"}, application.workflow_status, permissions=permissions_for(principal, application))
            standing = await self._lines(application_id)
            if [_said(line) for line in standing] == list(wishes):
                return standing
            await self._check_proofs(application_id, wishes, standing, principal=principal)
            for line in standing:
                await self.session.delete(line)
            await self.session.flush()
            self.session.add_all(
                FinancialLine(
                    **{name: getattr(wish, name) for name in wish.__struct_fields__},
                    application_id=application_id,
                    position=position,
                    created_at=at,
                    updated_at=at,
                )
                for position, wish in enumerate(wishes)
            )
            application.changed_in_substance_by(principal.id)
            application.updated_at = at
            await self.session.flush()
            self.announce(
                FinancialsRecorded(actor_id=principal.id, at=at, application_id=application_id, lines=len(wishes))
            )
        return await self._lines(application_id)

    async def judge(self, application_id: UUID, *, principal: Principal, at: datetime) -> Affordability:
        """Judge whether the household can repay the loan as it is asked for, and put what was found on record.

        Raises:
            Missing: There is no such application, or the person may not see it.
            NotYourAssessment: The person does not work on it.
            AssessmentOver: It has come to its end.
        """
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            if permissions_for(principal, application).isdisjoint(ASSESS):
                raise NotYourAssessment("Assessing an application is for those who work on it.")
            check_open(application.workflow_status)
            policy = await self.policy()
            snapshot = await self._rates.snapshot(policy.base, at=at)
            rates = Rates(policy.base, {row.currency: row.rate for row in snapshot})
            # A lower amount may be recommended, but whoever decides may still grant all that was requested.
            asked = application.requested
            quote = await self._quote(application, asked, at=at)
            found = assess(
                [_line(row) for row in await self._lines(application_id)],
                _proposed(quote) if quote else None,
                policy,
                rates,
            )
            affordability = Affordability(
                id=uuid4(),
                application_id=application_id,
                verdict=found.verdict,
                dti=None if found.dti is None else str(found.dti),
                material_changes=application.material_changes,
                assessed_by=principal.id,
                assessed_at=at,
            )
            answer = _answer(
                affordability,
                found,
                policy,
                exposure=await self._exposure(application, rates),
                rates=[RateUsed(row.currency, row.rate, row.valid_on) for row in snapshot],
                quote=quote,
            )
            affordability.document = msgspec.to_builtins(answer)
            self.session.add(affordability)
            await self.session.flush()
            self.announce(
                AffordabilityAssessed(
                    actor_id=principal.id, at=at, application_id=application_id, verdict=found.verdict.value
                )
            )
        return affordability

    async def latest(self, application_id: UUID, *, principal: Principal) -> tuple[Affordability, bool]:
        """Show what was found last, and whether it is of the application as it stands.

        Raises:
            Missing: There is no such application, the person may not see it, or nobody has judged it.
        """
        application = await self.find(visible_to(principal), id=application_id)
        if (found := await self.latest_of(application_id)) is None:
            raise Missing("Nobody has judged yet whether this loan can be repaid.")
        return found, found.material_changes == application.material_changes

    async def latest_of(self, application_id: UUID) -> Affordability | None:
        """What was found last about an application, for those who have loaded it."""
        found: Affordability | None = await self.session.scalar(
            select(Affordability)
            .where(Affordability.application_id == application_id)
            .order_by(Affordability.number.desc())
            .limit(1)
        )
        return found

    async def policy(self) -> Policy:
        """The house's limits as they stand."""
        latest = select(AssessmentPolicy).order_by(AssessmentPolicy.number.desc()).limit(1)
        return (await self.session.scalars(latest)).one().policy

    async def set_policy(self, wish: PolicyBody, *, principal: Principal, at: datetime) -> Policy:
        """Set the house's limits; what was judged stays judged by the earlier ones.

        Raises:
            PolicyContradictsItself: They say nothing, or the opposite of one another.
        """
        check_policy(wish.policy())
        async with self.transaction():
            if wish.policy() != await self.policy():
                self.session.add(
                    row := AssessmentPolicy(document=msgspec.to_builtins(wish.policy()), set_by=principal.id, set_at=at)
                )
                await self.session.flush()
                self.announce(AssessmentPolicySet(actor_id=principal.id, at=at, policy_id=row.id))
        return await self.policy()

    async def _lines(self, application_id: UUID) -> Sequence[FinancialLine]:
        rows = await self.session.scalars(
            select(FinancialLine).where(FinancialLine.application_id == application_id).order_by(FinancialLine.position)
        )
        return rows.all()

    async def _check_proofs(
        self,
        application_id: UUID,
        wishes: Sequence[FinancialLineWish],
        standing: Sequence[FinancialLine],
        *,
        principal: Principal,
    ) -> None:
        verified = [_said(line) for line in standing]
        for wish in wishes:
            if wish.verified_by not in {None, principal.id} and wish not in verified:
                raise NotYourVerification("You can verify in your own name only; a changed line is verified anew.")
        papers = {wish.document_id for wish in wishes if wish.document_id}
        # a line may keep naming the version of a paper that was looked at, even if it was replaced since
        known = (
            select(func.count())
            .select_from(File)
            .where(File.application_id == application_id, File.id.in_(papers), File.deleted_at.is_(None))
        )
        if papers and await self.session.scalar(known) != len(papers):
            raise NoSuchPaper("A line names a paper that is none of this application.")

    async def _quote(self, application: CustomerApplication, asked: LoanTerms, *, at: datetime) -> Quote | None:
        """The loan's quote; None when it cannot be reckoned, which is for the flags to say."""
        try:
            return await self._quotes.reckoned(application, asked, at=at)
        except DomainError:
            return None

    async def _exposure(self, application: CustomerApplication, rates: Rates) -> Exposure:
        """What the customer's other loans come to; all of them count, whoever may see them.

        Whoever borrows together with others owes the whole of it.
        """
        row, customer = CustomerApplication, application.customer_id
        others = (row.id != application.id, row.workflow_status.in_(LENT))

        def behind(role: PartyRole) -> ColumnElement[bool]:
            stands = select(Party.application_id).where(Party.customer_id == customer, Party.role == role)
            return among(row.id, stands)

        # An unknown person is nobody's customer and nobody's guarantor: null equals nothing.
        known = customer is not None
        theirs = (row.customer_id == customer) | behind(PartyRole.CO_BORROWER) if known else false()
        others_own = row.customer_id.is_distinct_from(customer) & ~behind(PartyRole.CO_BORROWER)
        guaranteed = behind(PartyRole.GUARANTOR) & others_own if known else false()
        sums: dict[str, Fraction | None] = {}
        for name, where in (
            ("outstanding", (theirs, row.workflow_status == Stage.DISBURSED)),
            ("approved", (theirs, row.workflow_status == Stage.APPROVED)),
            ("guaranteed", (guaranteed,)),
        ):
            found = await self.session.execute(
                select(row.currency, func.sum(row.approved_amount)).where(*others, *where).group_by(row.currency)
            )
            amounts = [rates.in_base(amount or Decimal(0), currency) for currency, amount in found]
            sums[name] = None if None in amounts else sum((one for one in amounts if one), Fraction(0))
        told = [one for one in sums.values() if one is not None]
        total = sum(told, Fraction(0)) if len(told) == len(sums) else None
        return Exposure(*(_figure(one) for one in (*sums.values(), total)))


LENT = (Stage.APPROVED, Stage.DISBURSED)
"""Where an application is a loan."""


def _said(line: FinancialLine) -> FinancialLineWish:
    """A stored line as it was wished for."""
    return msgspec.convert(line, FinancialLineWish, from_attributes=True)


def _line(row: FinancialLine) -> Line:
    return Line(row.party, row.kind, row.amount, row.currency, row.frequency, verified=row.verified_by is not None)


def _proposed(quote: Quote) -> Proposed:
    terms = quote.terms
    return Proposed(terms.currency, terms.frequency, terms.annual_rate, terms.term, quote.installments)


def _figure(value: Fraction | None, places: int = 2) -> Decimal | None:
    return None if value is None else in_figures(value, places)


def _answer(
    affordability: Affordability,
    found: Assessment,
    policy: Policy,
    *,
    exposure: Exposure,
    rates: list[RateUsed],
    quote: Quote | None,
) -> AffordabilityAnswer:
    largest = found.largest
    return AffordabilityAnswer(
        id=affordability.id,
        application_id=affordability.application_id,
        base_currency=policy.base,
        gross_income=_figure(found.gross_income),
        expenses=_figure(found.expenses),
        existing_debt=_figure(found.existing_debt),
        proposed_installment=_figure(found.proposed),
        dti_pct=_figure(found.dti and found.dti * 100),
        nii_pct=_figure(found.nii and found.nii * 100),
        band=found.band,
        max_installment_dti=_figure(largest.by_dti if largest else None),
        max_installment_capacity=_figure(largest.by_capacity if largest else None),
        max_installment=_figure(largest.installment if largest else None),
        binding_constraint=largest.binding if largest else None,
        max_principal_exact=_figure(largest.exact if largest else None, 4),
        max_principal_offered=largest.offered if largest else None,
        exposure=exposure,
        flags=list(found.flags),
        verdict=found.verdict,
        limits=policy,
        exchange_rates=rates,
        quote_hash=quote.hash if quote else None,
        assessed_by=affordability.assessed_by,
        assessed_at=affordability.assessed_at,
    )
